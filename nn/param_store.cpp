#include "nn/param_store.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "tensor/error.h"

namespace elbo {
namespace {

constexpr Index boundary = 64;  // bytes: each parameter starts on a cache line, so that kernels read it aligned

}  // namespace

Tensor& Parameter::buffer() const {
  if (!entry_->buffer) fail("parameters", fmt::format("'{}' is trained: expected a buffer", entry_->name));
  return entry_->value;
}

Parameter ParamStore::add(std::string name, const Shape& shape, const Initializer& initializer, bool buffer) {
  if (sealed()) fail("parameters", fmt::format("'{}' was added after the store was sealed", name));
  if (find(name)) fail("parameters", fmt::format("'{}' exists already: two layers share a scope", name));
  Parameter::Entry& entry = entries_.emplace_back();
  entry.name = std::move(name);
  entry.buffer = buffer;
  entry.value = Tensor(shape, options_.type);
  initialise(entry.value, initializer, options_.seed, entry.name);
  if (!buffer) {
    const Var v = leaf(entry.value, entry.name);
    entry.node = v.node();
    entry.node->name = "parameter";
    parameters_.push_back(&entry);
  }
  return Parameter(&entry);
}

void ParamStore::seal() {
  if (sealed()) fail("parameters", "the store is sealed already");
  const Index step = boundary / Index(dtype_bytes(options_.type));
  Index size = 0;
  for (Parameter::Entry* p : parameters_) {
    p->offset = size;
    size += (p->value.numel() + step - 1) / step * step;
  }
  values_ = Tensor::zeros({size}, options_.type);
  gradients_ = Tensor::zeros({size}, options_.type);
  for (Parameter::Entry* p : parameters_) {
    Tensor part = values_.part(p->offset, p->value.shape());
    part.copy_from(p->value);
    p->value = part;
    p->node->gradient_slice = gradients_.part(p->offset, part.shape());
  }
}

ParamStore::Slot ParamStore::slot(int i) const {
  const Parameter::Entry& p = *parameters_[std::size_t(i)];
  return {p.name, p.value.shape(), p.offset, p.value.numel()};
}

Index ParamStore::numel() const {
  Index n = 0;
  for (const Parameter::Entry* p : parameters_) n += p->value.numel();
  return n;
}

std::vector<Parameter> ParamStore::parameters() const {
  std::vector<Parameter> all;
  for (Parameter::Entry* p : parameters_) all.push_back(Parameter(p));
  return all;
}

Parameter ParamStore::find(std::string_view name) const {
  for (const Parameter::Entry& e : entries_)
    if (e.name == name) return Parameter(const_cast<Parameter::Entry*>(&e));
  return {};
}

void ParamStore::complete(const Gradients& gradients) {
  for (Parameter::Entry* p : parameters_)
    if (!gradients.reached(*p->node)) {
      p->node->gradient_slice.fill(0);
      p->node->slice_pass = gradients.pass();
    }
}

void ParamStore::touched(Index begin, Index end) {
  values_.bump_version();
  for (Parameter::Entry* p : parameters_)
    if (p->offset < end && p->offset + p->value.numel() > begin) p->value.bump_version();
}

Tensor ParamStore::buffers() const {
  Index size = 0;
  for (const Parameter::Entry& e : entries_) size += e.buffer ? e.value.numel() : 0;
  if (size == 0) return {};
  Tensor all({size}, options_.type);
  Index at = 0;
  for (const Parameter::Entry& e : entries_) {
    if (!e.buffer) continue;
    Tensor part = all.slice(at, at + e.value.numel()).reshape(e.value.shape());
    part.copy_from(e.value);
    at += e.value.numel();
  }
  return all;
}

void ParamStore::set_buffers(const Tensor& all) {
  const Tensor now = buffers();
  if (!now && !all) return;
  require_shape("parameters", "all buffers", all ? all : Tensor::zeros({0}), now ? now.shape() : Shape{0});
  Index at = 0;
  for (Parameter::Entry& e : entries_) {
    if (!e.buffer) continue;
    e.value.copy_from(all.slice(at, at + e.value.numel()).reshape(e.value.shape()));
    at += e.value.numel();
  }
}

std::vector<std::pair<std::string, Tensor>> ParamStore::tensors() const {
  std::vector<std::pair<std::string, Tensor>> all;
  for (const Parameter::Entry& e : entries_) all.emplace_back(e.name, e.value);
  return all;
}

void ParamStore::load(std::span<const std::pair<std::string, Tensor>> tensors, std::string_view source) {
  std::map<std::string_view, const Tensor*> given;
  for (const auto& [name, tensor] : tensors) given[name] = &tensor;
  for (const Parameter::Entry& e : entries_) {  // all checks first: a bad file changes nothing
    const auto it = given.find(e.name);
    if (it == given.end())
      fail("load",
           fmt::format("{}: tensor '{}' {} is missing: was the file written for another model?", source, e.name, e.value.shape().str()));
    const Tensor& t = *it->second;
    if (!(t.shape() == e.value.shape()))
      fail("load",
           fmt::format("{}: tensor '{}' has shape {}, the model expects {}", source, e.name, t.shape().str(), e.value.shape().str()));
    for_float(e.name, t.dtype(), [](auto) {});
  }
  for (const auto& [name, tensor] : tensors)
    if (!find(name)) fail("load", fmt::format("{}: tensor '{}' {} is not one of the model's", source, name, tensor.shape().str()));
  for (Parameter::Entry& e : entries_) e.value.copy_from(given[e.name]->to(e.value.dtype()));
}

void ParamStore::set_trainable(bool on) {
  for (Parameter::Entry* p : parameters_) p->node->needs_gradient = on;
}

Frozen::Frozen(ParamStore& store) : store_(store) { store_.set_trainable(false); }
Frozen::~Frozen() { store_.set_trainable(true); }

Scope Scope::operator/(std::string_view name) const {
  if (name.empty() || name.find('/') != std::string_view::npos)
    fail("scope", fmt::format("'{}' is no name for a scope: expected one without '/'", name));
  Scope below = *this;
  below.path_ += path_.empty() ? std::string(name) : "/" + std::string(name);
  return below;
}

Parameter Scope::parameter(std::string_view name, const Shape& shape, const Initializer& initializer) const {
  return store_->add((*this / name).path_, shape, initializer, false);
}

Parameter Scope::buffer(std::string_view name, const Shape& shape, double value) const {
  return store_->add((*this / name).path_, shape, Initializer::constant(value), true);
}

}  // namespace elbo
