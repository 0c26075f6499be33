// Texts as data: UTF-8, tokenizers, vocabulary, sources, parts, batches.

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "data/text_batches.h"
#include "data/tokenise.h"
#include "data/utf8.h"
#include "tensor/file.h"
#include "tensor/random.h"
#include "tests/support.h"

using namespace elbo;
using namespace elbo::testing;

namespace {

using Words = std::vector<std::string>;

std::string file(const Folder& folder, const std::string& name, std::string_view text) {
  std::filesystem::create_directories(std::filesystem::path(folder / name).parent_path());
  write_file_atomically(folder / name, bytes_of(text));
  return folder / name;
}

std::string text_at(const Dataset& data, const Split& split, Index i) {
  return std::string((*data.texts)[split.values.at<std::int32_t>({i})]);
}

Words texts_of(const Dataset& data, const Split& split) {
  Words all;
  for (Index i = 0; i < split.size(); i++) all.push_back(text_at(data, split, i));
  return all;
}

// n sentences of 1 to 12 words; every fourth is a sentence of one word that comes often.
std::string sentences(Index n) {
  std::string text;
  const RandomKey key{.seed = 9};
  for (Index i = 0; i < n; i++) {
    const auto e = std::uint32_t(i);
    if (i % 4 == 0) {
      text += "same" + std::to_string(key.word(e, 0) % 5) + "\n";
      continue;
    }
    for (std::uint32_t w = 0; w <= key.word(e, 0) % 12; w++) text += "w" + std::to_string(key.word(e, w + 1) % 40) + " ";
    text += "n" + std::to_string(i) + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("text data: UTF-8 is told from what is none, character by character") {
  for (const char* good : {"", "plain", "\xc3\xa9t\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8e\xb2 12345678901234567890"})
    CHECK(first_bad_byte(good) == std::string_view(good).size());
  CHECK(first_bad_byte("abc\x80") == 3);
  CHECK(first_bad_byte("\xc0\xaf") == 0);             // a second way to write '/'
  CHECK(first_bad_byte("a\xed\xa0\x80") == 1);        // half of a pair
  CHECK(first_bad_byte("\xf4\x90\x80\x80") == 0);     // beyond the last plane
  CHECK(first_bad_byte("1234567890\xe2\x82") == 10);  // cut off
  CHECK(with_bad_bytes_replaced("a\xff"
                                "b\xe2\x82") ==
        "a\xef\xbf\xbd"
        "b\xef\xbf\xbd\xef\xbf\xbd");
  CHECK(in_lower_case("ABC \xc3\x89T\xc3\x89 \xce\xa9 \xd0\x96 \xc5\xbd \xc3\x97") ==
        "abc \xc3\xa9t\xc3\xa9 \xcf\x89 \xd0\xb6 \xc5\xbe \xc3\x97");
  for (const std::uint32_t c : {0x41u, 0xe9u, 0x20acu, 0x1f3b2u}) {
    std::string text;
    append_code_point(text, c);
    CHECK(code_point(text, 0) == c);
  }
}

TEST_CASE("text data: tokenizers by name") {
  const std::string text =
      "Don't pay \xe2\x80\x9c"
      "1,000.50\xe2\x80\x9d at 5 o\xe2\x80\x99"
      "clock, Mr.\tO'Neil!  <unk>";
  CHECK(Tokenizer{TokenizerKind::whitespace}.split(text) == Words{"Don't", "pay",
                                                                  "\xe2\x80\x9c"
                                                                  "1,000.50\xe2\x80\x9d",
                                                                  "at", "5",
                                                                  "o\xe2\x80\x99"
                                                                  "clock,",
                                                                  "Mr.", "O'Neil!", "<unk>"});
  const Tokenizer basic;
  CHECK(basic.split(text) == Words{"don't", "pay", "\xe2\x80\x9c", "1,000.50", "\xe2\x80\x9d", "at", "5", "o'clock", ",", "mr", ".",
                                   "o'neil", "!", "<", "unk", ">"});
  CHECK(Tokenizer{TokenizerKind::basic, false}.split("A b") == Words{"A", "b"});
  CHECK(basic.split("'quoted' 3. end") == Words{"'", "quoted", "'", "3", ".", "end"});
  CHECK(Tokenizer{TokenizerKind::characters}.split("a\xc3\xa9 b") == Words{"a", "\xc3\xa9", " ", "b"});
  CHECK(Tokenizer{TokenizerKind::bytes}.split("\xc3\xa9") == Words{"\xc3", "\xa9"});
  CHECK(basic.split(" \t\r ").empty());
  CHECK(basic.join(Words{"well", ",", "(", "he", ")", "said", "$", "5", ".", "5", "%", "!"}) == "well, (he) said $5. 5%!");
  CHECK(Tokenizer{TokenizerKind::characters}.join(Words{"a", " ", "b"}) == "a b");
  CHECK_THROWS_WITH_AS(tokenizer_from_name("basik"), doctest::Contains("the nearest is 'basic'"), UsageError);
}

TEST_CASE("text data: a vocabulary by counts, and codecs that come back from a model file") {
  TokenCounts counts;
  for (const char* word : {"b", "a", "a", "c", "b", "<unk>", "<unk>", "a", "<pad>"}) counts.add(word);
  const Vocabulary all = counts.vocabulary(1, 0);
  CHECK(all.words() == Words{"a", "b", "<unk>", "c", "<pad>"});  // of equally frequent ones the first
  CHECK(all.size() == 9);
  CHECK(counts.vocabulary(2, 0).words() == Words{"a", "b", "<unk>"});
  CHECK(counts.vocabulary(1, 6).words() == Words{"a", "b"});
  CHECK(all.number("<unk>") == 6);  // a word like others: never the unknown token
  CHECK(all.number("zebra") == unknown_token);
  CHECK(all.token(unknown_token) == "<unk>");
  CHECK_THROWS_WITH_AS(all.token(9), doctest::Contains("0 to 8"), Error);
  CHECK_THROWS_WITH_AS(Vocabulary({"x", "x"}), doctest::Contains("twice"), Error);

  TextCodec codec{.tokenizer = {TokenizerKind::whitespace}, .vocabulary = all, .max_tokens = 3};
  CHECK(codec.encode("a <unk> z") == std::vector<std::int32_t>{start_token, 4, 6, unknown_token, end_token});
  CHECK(codec.encode("a b c a") == std::vector<std::int32_t>{start_token, 4, 5, 7});  // cut: no end
  CHECK(codec.encode("") == std::vector<std::int32_t>{start_token, end_token});
  CHECK(codec.decode(codec.encode("c a b")) == "c a b");
  const TextCodec back = TextCodec::from_json(codec.json(), "here");
  CHECK(back.vocabulary.words() == all.words());
  CHECK(back.max_tokens == 3);
  TextCodec bytes{.tokenizer = {TokenizerKind::bytes}, .vocabulary = Vocabulary({"\xc3", "\xa9", "\n"})};
  CHECK(TextCodec::from_json(bytes.json(), "here").vocabulary.words() == bytes.vocabulary.words());
  for (const char* bad :
       {"{}", "[1]", "{\"tokenizer\": \"basic\"}", "{\"tokenizer\":\"basic\",\"lower_case\":true,\"max_tokens\":0,\"words\":[]}",
        "{\"tokenizer\":\"basic\",\"lower_case\":true,\"max_tokens\":5,\"words\":[\"a\",\"a\"]}"})
    CHECK_THROWS_WITH_AS(TextCodec::from_json(bad, "model.safetensors"), doctest::Contains("model.safetensors"), Error);
}

TEST_CASE("text data: a file of lines, with labels, other line ends, a byte order mark, blank lines") {
  const Folder folder;
  const Dataset data = load_dataset("text:" +
                                        file(folder, "a.txt",
                                             "\xef\xbb\xbf"
                                             "good\tone two\r\n\r\nbad\tthree\n   \ngood\tfour") +
                                        "?labels=first",
                                    {.valid = 0});
  Words all = texts_of(data, data.train);
  const Words test = texts_of(data, data.test);
  all.insert(all.end(), test.begin(), test.end());
  std::sort(all.begin(), all.end());
  CHECK(all == Words{"four", "one two", "three"});
  CHECK(data.label_names == Words{"bad", "good"});
  REQUIRE(data.notes.size() == 1);
  CHECK(data.notes[0] == "2 blank lines left out");
  const auto refused = [&](const std::string& spec, const std::string& part) {
    const std::string message = error_of([&] { load_dataset(spec); });
    CAPTURE(message);
    CHECK(message.find(part) != std::string::npos);
  };
  refused("text:" + file(folder, "b.txt", "x\ty\nno label\n") + "?labels=first", "b.txt: line 2: expected a label, a tab and a sentence");
  refused("text:" + file(folder, "c.txt", "fine\nca\xc3\xa9 \xff here\n"), "c.txt: line 2, column 5: byte \\xff is not UTF-8");
  refused("text:" + file(folder, "d.txt", "\n\n"), "d.txt: holds no text");
  refused("text:" + (folder / "none.txt"), "no such file");
  refused("text:" + folder.path(), "holds no train.txt");
  const Dataset replaced = load_dataset("text:" + (folder / "c.txt") + "?bad_bytes=replace", {.valid = 0});
  CHECK(text_at(replaced, replaced.train.size() == 1 && text_at(replaced, replaced.train, 0) != "fine" ? replaced.train : replaced.test, 0)
            .find("\xef\xbf\xbd") != std::string::npos);
}

TEST_CASE("text data: a folder's own parts; of one file identical lines come into one part") {
  const Folder folder;
  file(folder, "own/train.txt", "a\nb\nc\n");
  file(folder, "own/valid.txt", "d\n");
  file(folder, "own/test.txt", "e\nf\n");
  const Dataset own = load_dataset("text:" + (folder / "own"));
  CHECK(own.train.size() == 3);
  CHECK(own.valid.size() == 1);
  CHECK(texts_of(own, own.test) == Words{"e", "f"});

  const Dataset drawn = load_dataset("text:" + file(folder, "all.txt", sentences(2000)));
  std::set<std::string> in_train, elsewhere;
  for (const std::string& t : texts_of(drawn, drawn.train)) in_train.insert(t);
  for (const Split* split : {&drawn.valid, &drawn.test})
    for (const std::string& t : texts_of(drawn, *split)) elsewhere.insert(t);
  for (const std::string& t : elsewhere) CHECK(!in_train.contains(t));
  CHECK(drawn.train.size() + drawn.valid.size() + drawn.test.size() == 2000);
  CHECK(drawn.test.size() <= 200);
  CHECK(drawn.test.size() >= 150);
}

TEST_CASE("text data: the review data set's folders") {
  const Folder folder;
  for (const char* part : {"train", "test"})
    for (const char* label : {"neg", "pos"})
      for (int i = 0; i < 3; i++)
        file(folder, std::string(part) + "/" + label + "/" + std::to_string(i) + "_5.txt",
             std::string(label) + " <br /><br />It's " + part + "\n" + std::to_string(i) + "\n");
  file(folder, "train/unsup/0_0.txt", "not read");
  Dataset data = load_dataset("imdb:" + folder.path(), {.valid = 0});
  CHECK(data.train.size() == 6);
  CHECK(data.test.size() == 6);
  CHECK(data.label_names == Words{"neg", "pos"});
  CHECK(data.test.labels.at<std::int32_t>({0}) == 0);
  CHECK(text_at(data, data.test, 3) == "pos It's test 0");  // one line each
  tokenise(data, TextOptions{.min_count = 1});
  CHECK(data.codec->decode((*data.test.tokens)[4]) == "pos it's <unk> 1");
  std::filesystem::remove_all(folder / "test/pos");
  CHECK(error_of([&] { load_dataset("imdb:" + folder.path()); }).find("expected the folders train/pos") != std::string::npos);
}

TEST_CASE("text data: long texts are cut or left out, and the share is told; the vocabulary is the training part's") {
  const Folder folder;
  file(folder, "x/train.txt", "a b c d e\na b\na\nb a\n");
  file(folder, "x/valid.txt", "a z\n");
  file(folder, "x/test.txt", "a b c d\nb\n");
  Dataset cut = load_dataset("text:" + (folder / "x"));
  tokenise(cut, TextOptions{.max_tokens = 3});
  CHECK(cut.codec->vocabulary.words() == Words{"a", "b"});  // c comes once in what is left
  CHECK((*cut.train.tokens)[0].size() == 4);
  CHECK((*cut.train.tokens)[0].back() == unknown_token);
  CHECK((*cut.valid.tokens)[0][2] == unknown_token);
  CHECK(cut.example_shape == Shape{3, 6});
  REQUIRE(cut.notes.size() == 1);
  CHECK(cut.notes[0] == "2 of 7 texts (28.6%) have more than 3 tokens and are cut, without an end");
  Dataset skip = load_dataset("text:" + (folder / "x"));
  tokenise(skip, TextOptions{.max_tokens = 3, .skip_overlong = true});
  CHECK(texts_of(skip, skip.train) == Words{"a b", "a", "b a"});
  CHECK(texts_of(skip, skip.test) == Words{"b"});
  CHECK(skip.codec->decode((*skip.train.tokens)[2]) == "b a");
  CHECK(error_of([&] {
          Dataset none = load_dataset("text:" + file(folder, "long.txt", "a b c\n"), {.valid = 0});
          tokenise(none, TextOptions{.max_tokens = 1, .skip_overlong = true, .min_count = 1});
        }).find("data.max_tokens") != std::string::npos);
}

TEST_CASE("text data: batches hold every text once an epoch, of similar length, in an order that depends on the seed alone") {
  const Folder folder;
  Dataset data = load_dataset("text:" + file(folder, "all.txt", sentences(3000)), {.valid = 0});
  tokenise(data, TextOptions{});
  const Split& train = data.train;
  const auto batches = TextBatches::training(train, 32, 1), same = TextBatches::training(train, 32, 1),
             other = TextBatches::training(train, 32, 2);
  std::vector<int> seen(std::size_t(train.size()));
  Index padding = 0, all = 0, smaller = 0;
  std::vector<std::int32_t> order, second, others;
  for (Index b = 0; b < batches->count(); b++) {
    const Batch& batch = batches->load(1, b);
    smaller += batch.size() != 32;
    for (Index i = 0; i < batch.size(); i++) {
      const std::int32_t e = batch.examples.at<std::int32_t>({i});
      seen[std::size_t(e)]++;
      order.push_back(e);
      const auto tokens = (*train.tokens)[e];
      for (Index t = 0; t < batch.x.size(1); t++) {
        const std::int32_t id = batch.x.at<std::int32_t>({i, t});
        CHECK(id == (t < Index(tokens.size()) ? tokens[std::size_t(t)] : std::int32_t(pad_token)));
        padding += id == pad_token;
        all++;
      }
    }
    const Batch& theirs = other->load(1, b);
    others.insert(others.end(), theirs.examples.data<std::int32_t>(), theirs.examples.data<std::int32_t>() + theirs.size());
  }
  CHECK(std::all_of(seen.begin(), seen.end(), [](int n) { return n == 1; }));
  CHECK(smaller <= 1);
  CHECK(double(padding) < 0.05 * double(all));
  CHECK(order != others);
  // Any batch of any epoch can be asked for by itself.
  for (const Index b : {17, 3, 80}) {
    const Tensor one = same->load(2, b).x.clone();
    CHECK(identical(batches->load(2, b).x, one));
  }
  for (Index b = 0; b < batches->count(); b++) {
    const Batch& batch = batches->load(2, b);
    second.insert(second.end(), batch.examples.data<std::int32_t>(), batch.examples.data<std::int32_t>() + batch.size());
  }
  CHECK(order != second);
  // An example's neighbours in its batch have lengths like its own, but batches come in any order of lengths.
  std::vector<Index> lengths;
  for (Index b = 0; b < batches->count(); b++) lengths.push_back(batches->load(1, b).x.size(1));
  CHECK_FALSE(std::is_sorted(lengths.begin(), lengths.end()));
  const auto evaluation = TextBatches::evaluation(data.test, 32);
  CHECK(identical(evaluation->load(1, 0).examples, TextBatches::evaluation(data.test, 32)->load(5, 0).examples));
}
