#include "tensor/isa.h"

#include <cstdlib>
#include <string>

#include "tensor/error.h"

namespace elbo {
namespace {

constexpr std::array<std::string_view, isa_count> names = {"reference", "baseline", "avx2", "avx512", "neon"};

Isa best() {
#if defined(__x86_64__)
  if (isa_available(Isa::avx512)) return Isa::avx512;
  if (isa_available(Isa::avx2)) return Isa::avx2;
  return Isa::baseline;
#else
  return Isa::neon;
#endif
}

void require(Isa isa, std::string_view from) {
  if (!isa_available(isa))
    throw UsageError(std::string(from) + std::string(isa_name(isa)) +
                     ": this machine (or this build) lacks that instruction set; the best it has is " + std::string(isa_name(best())));
}

Isa choose() {
  const char* wish = std::getenv("ELBO_ISA");
  if (!wish || !*wish) return best();
  for (int i = 0; i < isa_count; i++)
    if (names[std::size_t(i)] == wish) return require(Isa(i), "ELBO_ISA="), Isa(i);
  throw UsageError("ELBO_ISA=" + std::string(wish) + ": expected reference, baseline, avx2, avx512 or neon");
}

int chosen = -1;  // set before the first thread starts, by the first call of isa()

}  // namespace

Isa isa() {
  if (chosen < 0) chosen = int(choose());
  return Isa(chosen);
}

void set_isa(Isa isa) {
  require(isa, "");
  chosen = int(isa);
}

bool isa_available(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::avx2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#if !defined(ELBO_WITHOUT_AVX512)
  if (isa == Isa::avx512)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512cd") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
#endif
  return isa == Isa::baseline || isa == Isa::reference;
#else
  return isa == Isa::neon || isa == Isa::reference;
#endif
}

std::string_view isa_name(Isa isa) { return names[std::size_t(isa)]; }

}  // namespace elbo
