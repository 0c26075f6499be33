// Precompiled for the kernels, once for each instruction set (see json.h).

#include <xsimd/xsimd.hpp>
