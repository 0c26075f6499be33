// Between two steps in steady state there is no malloc and no operator new, on any thread: this program stands in for malloc (which
// operator new calls) and counts while the real trainer trains.

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "models/config.h"
#include "models/trainer.h"
#include "tensor/parallel.h"

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

namespace {
std::atomic<long> calls{0};
}

extern "C" {
void* malloc(std::size_t n) {
  calls++;
  return __libc_malloc(n);
}
void* calloc(std::size_t n, std::size_t size) {
  calls++;
  return __libc_calloc(n, size);
}
void* realloc(void* p, std::size_t n) {
  calls++;
  return __libc_realloc(p, n);
}
void* aligned_alloc(std::size_t alignment, std::size_t n) {
  calls++;
  return __libc_memalign(alignment, n);
}
void* memalign(std::size_t alignment, std::size_t n) {
  calls++;
  return __libc_memalign(alignment, n);
}
int posix_memalign(void** p, std::size_t alignment, std::size_t n) {
  calls++;
  *p = __libc_memalign(alignment, n);
  return *p ? 0 : ENOMEM;
}
}

namespace {

constexpr int first = 40, last = 90;  // steps between which nothing may be taken; an epoch has at least 234

// Allocations of one preset's steps, and in all (which shows that they are counted).
long steady_allocations(const std::string& preset_name, const elbo::Dataset& data, const std::string& folder) {
  elbo::Config config = elbo::preset(preset_name).config;
  config.data.spec = "digits";
  config.train.steps = last + 1;
  config.model.filters = {8, 12};  // of the convolutional ones, so that the test is fast
  config.model.units = 16;
  config.model.normalisation = preset_name == "conv-ae" ? "batch" : "none";
  int step = 0;
  long begin = 0, end = 0;
  elbo::TrainOptions options;
  options.out = folder + "/" + preset_name;
  options.data = &data;
  options.stop_signal = [&] {
    step++;
    if (step == first) begin = calls;
    if (step == last) end = calls;
    return 0;
  };
  const long before = calls;
  elbo::train(config, options);
  std::printf("%s: %ld allocations from step %d to step %d, %ld in all\n", preset_name.c_str(), end - begin, first, last, calls - before);
  if (step < last || calls == before) return -1;
  return end - begin;
}

}  // namespace

int main() {
  elbo::set_threads(2);
  std::string folder = (std::filesystem::temp_directory_path() / "elbo-allocations-XXXXXX").string();
  if (!mkdtemp(folder.data())) return std::perror("mkdtemp"), 1;
  const elbo::Dataset data = elbo::load_dataset("digits");
  bool good = true;
  for (const char* name : {"mlp-vae", "mlp-vae-2d", "dense-ae", "dense-vae", "conv-vae", "conv-ae", "conv-lstm-vae"})
    good = steady_allocations(name, data, folder) == 0 && good;
  std::filesystem::remove_all(folder);
  return good ? 0 : 1;
}
