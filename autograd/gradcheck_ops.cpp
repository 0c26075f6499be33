// The gradient check of every op. Here alone all of them are compiled at once, which takes a while.

#include "autograd/gradcheck.h"
#include "autograd/ops.h"

namespace elbo {
namespace {

struct Entry {
  std::string_view name;
  std::vector<OpCase> (*cases)();
};

const std::vector<Entry>& entries() {
  static const std::vector<Entry> all = [] {
    std::vector<Entry> list;
    for_each_op(AllOps{}, [&]<Op O>() { list.push_back({O::name, &op_cases<O>}); });
    return list;
  }();
  return all;
}

}  // namespace

std::vector<std::string> op_names() {
  std::vector<std::string> names;
  for (const Entry& entry : entries()) names.emplace_back(entry.name);
  return names;
}

std::vector<GradcheckResult> gradcheck_ops(std::string_view only) {
  std::vector<GradcheckResult> results;
  for (const Entry& entry : entries())
    if (only.empty() || only == entry.name)
      for (GradcheckResult& r : gradcheck_cases(entry.name, entry.cases())) results.push_back(std::move(r));
  return results;
}

}  // namespace elbo
