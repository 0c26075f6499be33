#pragma once
// Groups of examples that a name stands for, and the direction from one group's codes to another's.

#include <string>

#include "lab/codes.h"

namespace elbo {

// The label that `name` stands for, its name or number; none where it is neither.
std::optional<std::int32_t> label_of_name(const Dataset& data, const std::string& name);

// Where the examples of `split` stand that belong to `name`, ascending: a label's name or number, or FACTOR=VALUE, where VALUE is a number
// or one of the factor's names, which may stand for a stretch of numbers (hue=red). A factor of whole numbers has this number, another one
// is within a fortieth of the range that its values have in the part. Throws UsageError for a name that the data do not have, Error where
// no example has it.
std::vector<std::int32_t> places_of_group(const Dataset& data, const Split& split, const std::string& name);
Split group_of(const Dataset& data, const Split& split, const std::string& name);  // the same as a part

// The examples of a part that are at these places, which ascend.
Split take_examples(const Split& split, const std::vector<std::int32_t>& places);

}  // namespace elbo
