// The tables of ELBO_ISA=reference for images and normalisation, filled with the plain loops of reference_image.h.

#include "tensor/kernels/reference_image.h"

namespace elbo::isa_reference {

constinit const ResampleKernels resample_kernels = {{reference::resample<float>}, {reference::resample<double>}};
constinit const PoolingKernels pooling_kernels = {{reference::max_pool<float>, reference::max_pool_backward<float>},
                                                  {reference::max_pool<double>, reference::max_pool_backward<double>}};
constinit const NormaliseKernels normalise_kernels = {
    {reference::normalise<float>, reference::normalise_sums<float>, reference::normalise_backward<float>},
    {reference::normalise<double>, reference::normalise_sums<double>, reference::normalise_backward<double>}};

}  // namespace elbo::isa_reference
