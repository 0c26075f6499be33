#pragma once
// Which instruction set the kernels run with: chosen once, when the program starts, so that one binary is fast everywhere.
//
// Every file in kernels/ is compiled once for each instruction set, in a namespace of its own (isa_avx2, ...), and hands out its
// kernels as a table of plain function pointers. `reference` is no instruction set: it is the plain loops of kernels/reference.h,
// for teaching, for a debugger and as the oracle of the tests.

#include <array>
#include <string_view>
#include <type_traits>

namespace elbo {

enum class Isa { reference, baseline, avx2, avx512, neon };
inline constexpr int isa_count = 5;

// The instruction set in use: ELBO_ISA if set, otherwise the best this machine has.
// Throws UsageError when ELBO_ISA is unknown or names one that this machine (or this build) lacks.
Isa isa();
void set_isa(Isa isa);  // for tests and benchmarks; throws UsageError as above
bool isa_available(Isa isa);
std::string_view isa_name(Isa isa);

// The tables of one family of kernels, one for each instruction set of this build; `*table` is the one in use.
template <class Table>
struct Dispatch {
  std::array<const Table*, isa_count> tables;
  const Table& operator*() const { return *tables[std::size_t(isa())]; }
  const Table* operator->() const { return tables[std::size_t(isa())]; }
  // The kernels for numbers of type T, float or double.
  template <class T>
  const auto& of() const {
    if constexpr (std::is_same_v<T, float>)
      return (*this)->f32;
    else
      return (*this)->f64;
  }
};

// A build with sanitizers has no kernels for AVX-512: they take longest to compile, from the same source as the others.
#if defined(ELBO_WITHOUT_AVX512)
#define ELBO_AVX512_TABLE(Table, name)
#define ELBO_AVX512_ENTRY(name) nullptr
#else
#define ELBO_AVX512_TABLE(Table, name) \
  namespace isa_avx512 {               \
  extern const Table name;             \
  }
#define ELBO_AVX512_ENTRY(name) &isa_avx512::name
#endif

// Declares `name` in the namespace of every instruction set of this build and defines the dispatcher `name()` over them.
#if defined(__x86_64__)
#define ELBO_KERNEL_TABLE(Table, name)                                                               \
  namespace isa_reference {                                                                          \
  extern const Table name;                                                                           \
  }                                                                                                  \
  namespace isa_baseline {                                                                           \
  extern const Table name;                                                                           \
  }                                                                                                  \
  namespace isa_avx2 {                                                                               \
  extern const Table name;                                                                           \
  }                                                                                                  \
  ELBO_AVX512_TABLE(Table, name)                                                                     \
  inline constexpr Dispatch<Table> name {                                                            \
    { &isa_reference::name, &isa_baseline::name, &isa_avx2::name, ELBO_AVX512_ENTRY(name), nullptr } \
  }
#else
#define ELBO_KERNEL_TABLE(Table, name)                                   \
  namespace isa_reference {                                              \
  extern const Table name;                                               \
  }                                                                      \
  namespace isa_neon {                                                   \
  extern const Table name;                                               \
  }                                                                      \
  inline constexpr Dispatch<Table> name {                                \
    { &isa_reference::name, nullptr, nullptr, nullptr, &isa_neon::name } \
  }
#endif

}  // namespace elbo
