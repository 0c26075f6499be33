#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "lab/compare.h"
#include "lab/compare_table.h"
#include "tensor/file.h"
#include "tensor/json.h"
#include "tests/lab/small_comparison.h"

using namespace elbo;
using namespace elbo::lab;
using elbo::testing::contains;
using elbo::testing::Folder;
using elbo::testing::small_comparison;

namespace {

CompareOptions one_seed(const Folder& folder) {
  CompareOptions o = small_comparison(folder);
  o.presets = "mlp-vae,mlp-vae:objective.beta=4";
  o.seeds = 1;
  o.set = {"model.hidden=[8]", "model.latent=3", "train.steps=4"};
  o.quick = true;
  return o;
}

Json compare_json(const CompareOptions& o) {
  const std::vector<std::byte> bytes = read_file(o.out + "/compare.json", 1 << 26);
  return Json::parse({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, "compare.json");
}

const JudgedExpectation* find(const Comparison& c, const std::string& figure) {
  const auto it = std::find_if(c.came.begin(), c.came.end(), [&](const JudgedExpectation& e) { return e.stated.figure == figure; });
  return it == c.came.end() ? nullptr : &*it;
}

}  // namespace

TEST_CASE("what was stated before training is not rewritten when a comparison is continued; what is new is marked") {
  Folder folder;
  const CompareOptions o = one_seed(folder);
  const std::size_t all = compare(o).stated.size();
  REQUIRE(all > 3);
  // An older program stated less, and something else.
  Json file = compare_json(o);
  Json kept = Json::array();
  for (const Json& e : file["expectations"].elements()) {
    CHECK(e["added_later"] == false);
    if (e["figure"] != "kl") kept.push_back(e);
  }
  kept.push_back(Json::object({{"figure", "psnr"}, {"lower", "mlp-vae"}, {"higher", "gone"}, {"reason", "an old reason"}}));
  file["expectations"] = kept;
  write_file_atomically(o.out + "/compare.json", bytes_of(file.dump(2)));
  const Comparison c = compare(o);
  CHECK(c.stated.size() == all + 1);
  const JudgedExpectation *added = find(c, "kl"), *old = find(c, "psnr");
  REQUIRE(added);
  REQUIRE(old);
  CHECK(added->stated.added_later);
  CHECK(contains(result_text(*added), ", added later"));
  CHECK_FALSE(old->stated.added_later);
  CHECK(old->stated.reason == "an old reason");
  CHECK(old->outcome == Outcome::not_measured);
  CHECK(compare_json(o)["expectations"].elements().back()["added_later"] == true);
  CHECK(find(compare(o), "kl")->stated.added_later);  // for good
}

TEST_CASE("what --quick does not measure was expected all the same; then measured, in the same folder") {
  Folder folder;
  CompareOptions o = one_seed(folder);
  const Comparison quick = compare(o);
  REQUIRE(find(quick, "hole_ratio_prior"));
  CHECK(find(quick, "hole_ratio_prior")->outcome == Outcome::not_measured);
  o.quick = false;
  const Comparison whole = compare(o);
  CHECK(find(whole, "hole_ratio_prior")->outcome == Outcome::one_seed);
  CHECK_FALSE(find(whole, "hole_ratio_prior")->stated.added_later);
  o.quick = true;
  CHECK(find(compare(o), "hole_ratio_prior")->outcome == Outcome::one_seed);  // what is measured stays
}

TEST_CASE("a signal while runs are measured ends it between two of them, and a whole file is not replaced by less") {
  Folder folder;
  const CompareOptions o = one_seed(folder);
  compare(o);
  for (const char* run : {"mlp-vae-seed1", "mlp-vae-objective.beta=4-seed1"})
    std::filesystem::remove(o.out + "/runs/" + run + "/comparison.json");
  int left = 1;
  const Comparison c = compare(o, {.stop_signal = [&] { return --left < 0 ? 15 : 0; }});
  CHECK(c.stopped);
  CHECK(c.runs.size() == 1);
  CHECK(compare_json(o)["runs"].size() == 2);
  CHECK(compare(o).runs.size() == 2);
}

TEST_CASE("importance samples: as many as asked, of all lines; another number measures again and trains nothing") {
  Folder folder;
  CompareOptions o = one_seed(folder);
  o.importance_samples = 7;
  const Comparison c = compare(o);
  CHECK(c.importance_samples == 7);
  for (const ComparedRun& run : c.runs) CHECK(Json::parse(run.measured.json, "measured")["importance_samples"] == 7);
  CHECK(contains(command_line(o), "--importance-samples 7"));
  o.importance_samples = 9;
  bool trained = false;
  const Comparison again = compare(o, {.on_run = [&](const Entry&, std::uint64_t, Index, Index) { trained = true; }});
  CHECK_FALSE(trained);
  for (const ComparedRun& run : again.runs) CHECK(Json::parse(run.measured.json, "measured")["importance_samples"] == 9);
}
