// Precompiled for models/, lab/ and tools/: the headers that take longer to read than the files that include them to compile.
// Every file still includes what it uses, and builds without this (-Db_pch=false).

#include "pch/std.h"

#include <nlohmann/json.hpp>
