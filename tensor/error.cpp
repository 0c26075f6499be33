#include "tensor/error.h"

namespace elbo {

void fail(std::string_view op, std::string_view message) {
  std::string text;
  text.reserve(op.size() + message.size() + 3);
  text.append("[").append(op).append("] ").append(message);
  throw Error(text);
}

}  // namespace elbo
