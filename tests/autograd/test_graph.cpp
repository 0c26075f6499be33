#include "autograd/graph.h"

#include <doctest/doctest.h>

#include "autograd/mode.h"
#include "autograd/ops.h"
#include "tensor/error.h"
#include "tests/support.h"

using namespace elbo;
using elbo::testing::contains;
using elbo::testing::error_of;

TEST_CASE("a graph prints every node once, in the order in which they ran") {
  const Record guard;
  const Var x = input(Tensor::ones({2, 3}), "x"), unused = input(Tensor::ones({2}), "unused");
  const Var y = scale_shift(x, 2, 1), z = sum(y * y + Tensor::ones({2, 3}));
  const std::string text = graph_text(z);
  CHECK(text ==
        "%1 = input x   (2, 3)\n"
        "%2 = scale_shift(%1 x)   (2, 3)   scale 2, shift 1\n"
        "%3 = multiply(%2, %2)   (2, 3)\n"
        "%4 = add(%3, constant (2, 3))   (2, 3)\n"
        "%5 = sum(%4)   ()   axes {}\n"
        "5 nodes\n");
}

TEST_CASE("a graph with times adds them up") {
  const Record guard(true);
  const Var z = exp(sum(input(Tensor::ones({100000}), "x")));
  CHECK(graph_microseconds(z) > 0);
  CHECK(contains(graph_text(z), " us\n2") == false);
  CHECK(contains(graph_text(z), "3 nodes, "));
}

TEST_CASE("Graphviz text frames the nodes of a layer and escapes labels") {
  const Record guard;
  const std::string* scope = intern_scope("encoder/0");
  Var y;
  {
    const ScopeLabel label(scope);
    y = relu(input(Tensor::ones({2}), "an \"odd\" name"));
  }
  const std::string dot = graph_dot(y);
  CHECK(contains(dot, "subgraph cluster_0 {\n    label=\"encoder/0\""));
  CHECK(contains(dot, "label=\"an \\\"odd\\\" name\\n(2,)\""));
  CHECK(contains(dot, "n1 -> n2 [label=\"(2,)\"];"));
}

TEST_CASE("a long graph is printed without recursion") {
  const Record guard;
  Var x = input(Tensor::ones({1}), "x");
  for (int i = 0; i < 200000; i++) x = scale_shift(x, 1, 0);
  CHECK(contains(graph_text(x), "200001 nodes\n"));
}

TEST_CASE("a constant has no graph") {
  CHECK(contains(error_of([] { graph_text(Var(Tensor::ones({1}))); }), "Record"));
  CHECK(contains(error_of([] { graph_dot(Var()); }), "Record"));
}

TEST_CASE("an observer sees each op with its scope and what it gives, also where nothing is recorded") {
  const NoGrad nothing;
  const std::string* scope = intern_scope("encoder/0");
  std::string seen;
  const Var x = Var(Tensor::ones({2}));
  {
    const Observe guard([&](const Node& op, std::span<const Tensor> results) {
      seen += std::string(op.name) + (op.scope ? " in " + *op.scope : "") + " " + std::to_string(results[0].element(0)) + "; ";
    });
    const Var y = scale_shift(x, 2, -5);
    const ScopeLabel label(scope);
    CHECK_FALSE(relu(y).node());
  }
  exp(x);
  CHECK(seen == "scale_shift -3.000000; relu in encoder/0 0.000000; ");
}
