// The table of ELBO_ISA=reference for recurrent layers, filled with the plain loops of reference_recurrent.h.

#include "tensor/kernels/reference_recurrent.h"

#include "tensor/kernels/recurrent.h"

namespace elbo::isa_reference {
namespace {

template <class T>
constexpr RecurrentTable<T> recurrent_table() {
  return {reference::lstm<T>, reference::lstm_backward<T>, reference::gru<T>, reference::gru_backward<T>};
}

}  // namespace

constinit const RecurrentKernels recurrent_kernels = {recurrent_table<float>(), recurrent_table<double>()};

}  // namespace elbo::isa_reference
