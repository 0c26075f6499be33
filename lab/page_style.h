#pragma once
// The style sheet of Page, which builds on the colours of plot_css().

#include <string>

namespace elbo::lab {

std::string page_css();

}  // namespace elbo::lab
