// Thousands of damaged files, the same in each run: each is read, or refused with an Error, and takes no more memory than its size
// warrants. The fuzzers of this folder go on from here without end.

#include <doctest/doctest.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <random>

#include "data/decode.h"
#include "tensor/memory.h"
#include "tests/data/picture_bytes.h"
#include "tests/fuzz/readers.h"
#include "tests/support.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ELBO_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define ELBO_SANITIZED
#endif
#endif

using namespace elbo;
using namespace elbo::testing;

namespace {

using Text = std::string;

// While this lives, the process may take 256 MiB of addresses beyond what it has: an absurd request for memory fails, as std::bad_alloc
// or an Error about memory. Sanitizers reserve terabytes of addresses: with them there is no such limit.
class LimitMemory {
 public:
  LimitMemory() {
    getrlimit(RLIMIT_AS, &before_);
#if !defined(ELBO_SANITIZED)
    rlim_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlimit limit{pages * rlim_t(sysconf(_SC_PAGESIZE)) + (rlim_t{256} << 20), before_.rlim_max};
    setrlimit(RLIMIT_AS, &limit);
#endif
  }
  ~LimitMemory() { setrlimit(RLIMIT_AS, &before_); }
  LimitMemory(const LimitMemory&) = delete;
  LimitMemory& operator=(const LimitMemory&) = delete;

 private:
  rlimit before_;
};

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  Text operator()(Text file) {
    for (std::uint64_t edits = 1 + below(3); edits > 0; edits--) edit(file);
    return file;
  }

 private:
  std::uint64_t below(std::uint64_t n) { return n == 0 ? 0 : random_() % n; }  // the mean bias of % does not matter here
  // Half of all edits hit the first 128 bytes, where most formats describe themselves, a quarter the last 128 (zip's directory).
  std::size_t place(const Text& file) {
    const std::size_t window = std::min<std::size_t>(file.size(), 128);
    switch (below(4)) {
      case 0:
        return below(file.size());
      case 1:
        return file.size() - window + below(window);
      default:
        return below(window);
    }
  }
  void edit(Text& file) {
    if (file.empty()) return;
    const std::size_t at = place(file);
    switch (below(7)) {
      case 0:
        file[at] = char(file[at] ^ 1 << below(8));
        break;
      case 1:
        file[at] = char(below(256));
        break;
      case 2:
        file.resize(at);
        break;
      case 3:
        file.append(below(100), char(below(256)));
        break;
      case 4: {  // a size at the edge of its type
        constexpr std::uint64_t edges[] = {
            0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff, 0x100000000, 0x7fffffffffffffff, 0xffffffffffffffff};
        const std::uint64_t edge = edges[below(std::size(edges))];
        const std::size_t bytes = std::size_t{1} << below(4);
        for (std::size_t i = 0; i < bytes && at + i < file.size(); i++) file[at + i] = char(edge >> (8 * i) & 255);
        break;
      }
      case 5: {  // a number in text: what stands for a size or an offset
        const std::size_t digit = file.find_first_of("0123456789", at);
        if (digit == Text::npos) break;
        constexpr const char* numbers[] = {"0", "-1", "4", "99", "4294967296", "9223372036854775807", "1e9", "18446744073709551616"};
        file.replace(digit, std::max<std::size_t>(1, file.find_first_not_of("0123456789", digit) - digit),
                     numbers[below(std::size(numbers))]);
        break;
      }
      default: {  // a stretch twice
        const Text stretch = file.substr(at, 1 + below(64));
        file.insert(place(file), stretch);
      }
    }
  }

  std::mt19937_64 random_;
};

using Endings = std::initializer_list<const char*>;

// Calls f for `mutations` damaged copies of each golden file whose name ends in one of `endings`.
template <class F>
void for_each_mutation(Endings endings, int mutations, F&& f) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(golden("files"))) {
    for (const char* ending : endings) {
      if (entry.path().string().ends_with(ending)) files.push_back(entry.path().string());
    }
  }
  std::sort(files.begin(), files.end());
  REQUIRE_FALSE(files.empty());
  for (const std::string& path : files) {
    const std::vector<std::byte> bytes = read_file(path, 1 << 20);
    const Text original(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    Mutator mutate(files.size());
    for (int number = 0; number < mutations; number++) {
      const Text file = mutate(original);
      CAPTURE(path);
      CAPTURE(number);
      f(file);
    }
  }
}

void check_reader(const Reader& reader, Endings endings, int mutations) {
  CAPTURE(reader.name);
  int read = 0, refused = 0;
  for_each_mutation(endings, mutations, [&](const Text& file) {
    release_cached_memory();
    reset_peak_memory();
    const std::size_t before = memory_stats().live_bytes;
    const LimitMemory limit;
    try {
      reader.read(bytes_of(file));
      read++;
    } catch (const Error& error) {
      refused++;
      const std::string message = error.what();
      CHECK(message.size() < 1000);
      CHECK(message.find_first_of(std::string("\n\0", 2)) == std::string::npos);
      CHECK_FALSE(contains(message, "out of memory"));
    } catch (const std::exception& other) {
      FAIL("expected an Error, got: ", other.what());
    }
    const std::size_t taken = memory_stats().peak_bytes - before;
    CHECK(taken <= file.size() * reader.expansion + 4096);
  });
  CHECK(read > 0);
  CHECK(refused > mutations / 2);
}

// While this lives, new memory is filled with a byte that is not zero, where the C library can do that.
class FillMemory {
 public:
  explicit FillMemory([[maybe_unused]] int byte) {
#if defined(__GLIBC__)
    mallopt(M_PERTURB, byte);
#endif
  }
  ~FillMemory() {
#if defined(__GLIBC__)
    mallopt(M_PERTURB, 0);
#endif
  }
  FillMemory(const FillMemory&) = delete;
  FillMemory& operator=(const FillMemory&) = delete;
};

// Leaves that byte where the next function called has its variables.
[[gnu::noinline]] void fill_stack(int byte) {
  volatile char memory[1 << 15];
  for (volatile char& c : memory) c = char(byte);
}

// The pixels, or the error.
Text decoded(const Text& file, int byte) {
  const FillMemory fill(byte);
  fill_stack(byte);
  try {
    const DecodedPicture p = decode(bytes_of(file), "picture");
    return std::to_string(p.height) + " " + std::to_string(p.width) + " " +
           Text(reinterpret_cast<const char*>(p.pixels.get()), std::size_t(p.height * p.width * p.channels));
  } catch (const Error& error) {
    return error.what();
  }
}

constexpr Endings pictures = {".png", ".jpg", ".bmp", ".tga", ".ppm", ".pgm", ".pbm"};

}  // namespace

TEST_CASE("damaged .npy files are refused or read, never more") { check_reader(npy_reader, {".npy"}, 200); }
TEST_CASE("damaged .npz files are refused or read, never more") { check_reader(npz_reader, {".npz"}, 1500); }
TEST_CASE("damaged safetensors files are refused or read, never more") { check_reader(safetensors_reader, {".safetensors"}, 1500); }
TEST_CASE("damaged IDX files are refused or read, never more") { check_reader(idx_reader, {".idx", ".idx.gz"}, 1000); }
TEST_CASE("damaged pictures are refused or read, never more") { check_reader(picture_reader, pictures, 200); }
TEST_CASE("damaged pictures give the same pixels or the same error whatever was in memory before") {
  for_each_mutation(pictures, 200, [](const Text& file) {
    const LimitMemory limit;
    const bool same = decoded(file, 0x55) == decoded(file, 0xaa);
    CHECK(same);
  });
}
TEST_CASE("pixels outside of their palette give the same colour whatever was in memory before") {
  Text file = png(2, 1, 8, 3, Text("\0\0\xc8", 3));
  file.insert(file.find("IDAT") - 4, png_chunk("PLTE", "abc"));
  const Text colours = decoded(file, 0x55);
  CHECK(colours.starts_with("1 2 abc"));
  CHECK((colours == decoded(file, 0xaa)));
}
