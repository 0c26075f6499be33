#pragma once
// A graph as text and as a picture: every node that `output` was computed from, in the order in which they ran.
//
//   Record guard(true);                       // nodes without gradients, and how long each forward pass took
//   fmt::print("{}", graph_text(model(x)));
//
//   %4 = linear(%1 x, %2 encoder/0/weight, %3 encoder/0/bias)   (128, 400)   activation relu   in encoder/0   211.4 us
//
// A constant, which has no node, is shown by its shape.

#include <string>

#include "autograd/var.h"

namespace elbo {

// One line for each node. Throws Error for a Var without a node (computed under NoGrad, or from constants alone).
std::string graph_text(const Var& output);

// The same for Graphviz (https://graphviz.org/doc/info/lang.html): ops as boxes, parameters and inputs as ovals, the nodes of a layer
// framed together, shapes along the edges.
std::string graph_dot(const Var& output);

// Forward time of all nodes together, where Record measured it.
double graph_microseconds(const Var& output);

}  // namespace elbo
