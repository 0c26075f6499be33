// Precompiled for the kernels, once for each instruction set (see std.h).

#include <xsimd/xsimd.hpp>
