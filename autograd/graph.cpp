#include "autograd/graph.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <unordered_set>
#include <vector>

#include "tensor/error.h"

namespace elbo {
namespace {

// The nodes that lead to `output`, by number: an op's inputs have smaller numbers than the op.
std::vector<const Node*> reachable(const Var& output, const char* who) {
  if (!output.node())
    fail(who, "expected a Var that remembers how it was computed, got a constant: compute it under Record, not under NoGrad");
  std::vector<const Node*> found = {output.node().get()};
  std::unordered_set<const Node*> seen = {found[0]};
  for (std::size_t i = 0; i < found.size(); i++)
    for (const Edge& edge : found[i]->inputs)
      if (edge.node && seen.insert(edge.node.get()).second) found.push_back(edge.node.get());
  std::sort(found.begin(), found.end(), [](const Node* a, const Node* b) { return a->number < b->number; });
  return found;
}

std::string shapes(const Node& node) {
  std::string text;
  for (const Output& out : node.outputs) {
    text += (text.empty() ? "" : ", ") + out.shape.str();
    if (out.type != DType::float32) text += " " + std::string(dtype_name(out.type));
  }
  return text;
}

std::string attributes(const Node& node, std::string_view between) {
  std::string text;
  for (const Attribute& a : node.attributes()) text += (text.empty() ? "" : std::string(between)) + a.name + " " + a.value;
  return text;
}

using Numbers = std::map<const Node*, int>;  // from 1, in the order of running

Numbers number(const std::vector<const Node*>& nodes) {
  Numbers numbers;
  for (const Node* node : nodes) numbers.emplace(node, int(numbers.size()) + 1);
  return numbers;
}

std::string dot_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace

std::string graph_text(const Var& output) {
  const std::vector<const Node*> nodes = reachable(output, "graph_text");
  const Numbers numbers = number(nodes);
  std::string text;
  for (const Node* node : nodes) {
    text += fmt::format("%{} = {}", numbers.at(node), node->name);
    if (node->is_leaf()) {
      text += " " + node->label;
    } else {
      std::string inputs;
      for (const Edge& edge : node->inputs) {
        inputs += inputs.empty() ? "" : ", ";
        if (!edge.node)
          inputs += "constant " + edge.shape.str();
        else
          inputs += fmt::format("%{}", numbers.at(edge.node.get())) +
                    (edge.node->outputs.size() > 1 ? fmt::format(".{}", edge.output) : "") +
                    (edge.node->is_leaf() ? " " + edge.node->label : "");
      }
      text += "(" + inputs + ")";
    }
    text += "   " + shapes(*node);
    if (const std::string a = attributes(*node, ", "); !a.empty()) text += "   " + a;
    if (node->scope && !node->is_leaf()) text += "   in " + *node->scope;
    if (node->microseconds > 0) text += fmt::format("   {:.1f} us", node->microseconds);
    text += "\n";
  }
  text += fmt::format("{} nodes", nodes.size());
  if (const double microseconds = graph_microseconds(output); microseconds > 0) text += fmt::format(", {:.1f} us", microseconds);
  return text + "\n";
}

std::string graph_dot(const Var& output) {
  const std::vector<const Node*> nodes = reachable(output, "graph_dot");
  const Numbers numbers = number(nodes);
  std::string text =
      "digraph elbo {\n  rankdir=TB;\n  node [fontname=\"Helvetica\", fontsize=11];\n  edge [fontname=\"Helvetica\", fontsize=9, "
      "color=\"#666666\"];\n";
  std::map<std::string, std::vector<const Node*>> layers;  // by scope; "" for what belongs to none
  for (const Node* node : nodes) layers[node->scope && !node->is_leaf() ? *node->scope : ""].push_back(node);
  int cluster = 0;
  for (const auto& [scope, members] : layers) {
    if (!scope.empty())
      text +=
          fmt::format("  subgraph cluster_{} {{\n    label={}; style=rounded; color=\"#999999\"; fontname=\"Helvetica\"; fontsize=10;\n",
                      cluster++, dot_string(scope));
    for (const Node* node : members) {
      std::string label = std::string(node->name);
      if (node->is_leaf()) label = node->label.empty() ? label : node->label;
      for (const std::string& line :
           {attributes(*node, ", "), shapes(*node), node->microseconds > 0 ? fmt::format("{:.1f} us", node->microseconds) : ""})
        if (!line.empty()) label += "\n" + line;
      text += fmt::format("{}n{} [label={}, {}];\n", scope.empty() ? "  " : "    ", numbers.at(node), dot_string(label),
                          node->is_leaf() ? "shape=oval, style=filled, fillcolor=\"#eeeeee\""
                                          : "shape=box, style=\"filled,rounded\", fillcolor=\"#dce9f5\"");
    }
    if (!scope.empty()) text += "  }\n";
  }
  for (const Node* node : nodes) {
    int constant = 0;
    for (const Edge& edge : node->inputs) {
      if (edge.node) {
        text += fmt::format("  n{} -> n{} [label={}];\n", numbers.at(edge.node.get()), numbers.at(node), dot_string(edge.shape.str()));
        continue;
      }
      const std::string name = fmt::format("c{}_{}", numbers.at(node), constant++);
      text += fmt::format("  {} [label={}, shape=plain, fontcolor=\"#666666\"];\n  {} -> n{};\n", name,
                          dot_string("constant " + edge.shape.str()), name, numbers.at(node));
    }
  }
  return text + "}\n";
}

double graph_microseconds(const Var& output) {
  double sum = 0;
  for (const Node* node : reachable(output, "graph_microseconds")) sum += node->microseconds;
  return sum;
}

}  // namespace elbo
