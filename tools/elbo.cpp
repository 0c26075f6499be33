// elbo: lists the tools; `elbo train ...` runs `elbo-train ...` from this program's own folder.

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>

#include "tensor/error.h"
#include "tensor/nearest.h"
#include "tools/common.h"
#include "tools/terminal.h"

namespace elbo {
namespace {

struct Listed {
  const char *name, *help;
};
constexpr Listed tools[] = {
    {"train", "trains a preset or a configuration; resumes"},
    {"eval", "measures a run on a split of the data"},
    {"sample", "draws codes and decodes them"},
    {"reconstruct", "shows inputs beside their reconstructions"},
    {"encode", "writes the codes of a data set; finds nearest neighbours by code"},
    {"manifold", "draws the decoder over a regular grid of a 2-D latent space"},
    {"interpolate", "decodes a straight and a spherical path between two examples"},
    {"traverse", "varies one dimension of the code at a time"},
    {"edit", "moves codes along the direction from one group of examples to another"},
    {"repair", "completes pictures of which a part is hidden"},
    {"score", "says how odd each example is; ROC where labels allow"},
    {"compare", "trains autoencoders and VAEs with one budget and compares them in a report"},
    {"reproduce", "runs a published or reference experiment and says whether the result lies in its band"},
    {"watch", "shows runs while they are trained, in the terminal or as a page"},
    {"bench", "times training steps, inference and kernels"},
    {"gradcheck", "checks the gradient of every op, of one, or of a model"},
    {"graph", "draws a model's graph"},
    {"data", "describes a data set, writes examples of it out"},
};

std::string own_folder() {
  char path[PATH_MAX];
  const ssize_t n = ::readlink("/proc/self/exe", path, sizeof path);
  if (n <= 0 || n == ssize_t(sizeof path)) fail("elbo", "cannot find the folder of this program");
  const std::string whole(path, std::size_t(n));
  return whole.substr(0, whole.rfind('/'));
}

std::string listing() {
  std::string text =
      "Autoencoders and variational autoencoders, on an autograd library of their own.\n\nusage: elbo TOOL [options], or elbo-TOOL "
      "[options]\n\n";
  for (const Listed& tool : tools) text += fmt::format("  {:<12} {}\n", tool.name, tool.help);
  return text + "\n`elbo TOOL --help` shows the options of one, with examples.\n";
}

// Replaces this process by the tool.
void run_tool(char** argv) {
  std::vector<std::string> names;
  for (const Listed& tool : tools) names.emplace_back(tool.name);
  const std::string name = argv[1];
  if (std::find(names.begin(), names.end(), name) == names.end()) throw UsageError(unknown_message("tool", name, names));
  const std::string program = own_folder() + "/elbo-" + name;
  std::string shown = "elbo-" + name;
  argv[1] = shown.data();
  ::execv(program.c_str(), argv + 1);
  fail("elbo", fmt::format("{}: cannot be run: {}", program, std::strerror(errno)));
}

}  // namespace
}  // namespace elbo

int main(int argc, char** argv) {
  using namespace elbo;
  if (argc > 1 && argv[1][0] != '-' && argv[1][0] != '\0') {
    try {
      run_tool(argv);
    } catch (const UsageError& error) {
      print_error(error.what());
      return 2;
    } catch (const std::exception& error) {
      print_error(error.what());
      return 1;
    }
  }
  Tool tool("elbo", "Lists the tools; `elbo TOOL ...` runs one.", {"elbo", "elbo train --preset mlp-vae --data digits --out runs/first"});
  tool.usage("[TOOL [options]]");
  return tool.run(argc, argv, [] {
    print(listing());
    return 0;
  });
}
