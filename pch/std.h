// Precompiled for tensor/, data/, models/, lab/ and tools/: headers that take longer to read than most files of theirs to compile. Every
// file still includes what it uses, and builds without this (-Db_pch=false). Without #pragma once, for GCC warns of it in the file that it
// is given to compile.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fmt/format.h>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>
