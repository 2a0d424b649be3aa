// What all kernels of one backend object share: oneDNN's engine, the thread count, and primitives that were made
// before.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <unordered_map>

#include "backends/onednn/errors.h"

namespace slimnet::onednn {

// A primitive that was chosen, and is generated when it is first wanted: choosing takes microseconds, generating up to
// milliseconds, and a layout question needs the choice alone. Safe to share between threads.
class Prepared {
 public:
  Prepared(std::string what, dnnl::primitive_desc_base desc, int threads)
      : what_(std::move(what)), desc_(std::move(desc)), threads_(threads) {}

  const std::string& what() const { return what_; }
  const dnnl::primitive_desc_base& desc() const { return desc_; }
  dnnl::memory::desc weights() const { return desc_.query_md(dnnl::query::weights_md, 0); }
  dnnl::memory::desc diff_weights() const { return desc_.query_md(dnnl::query::diff_weights_md, 0); }
  dnnl::memory::desc scratchpad() const { return desc_.query_md(dnnl::query::scratchpad_md, 0); }
  std::string implementation() const { return desc_.impl_info_str(); }
  // Throws dnnl::error.
  const dnnl::primitive& primitive() const;

 private:
  const std::string what_;
  const dnnl::primitive_desc_base desc_;
  const int threads_;
  mutable std::once_flag once_;
  mutable dnnl::primitive primitive_;
};
using PreparedPtr = std::shared_ptr<const Prepared>;

// Bytes that tell two primitives apart.
class Key {
 public:
  explicit Key(char kind) : bytes_(1, kind) {}
  Key& Add(int64_t value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  template <class Range>
  Key& AddAll(const Range& values) {
    Add(static_cast<int64_t>(values.size()));
    for (const int64_t value : values) Add(value);
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

class Engine {
 public:
  explicit Engine(int threads) : engine_(dnnl::engine::kind::cpu, 0), threads_(threads) {}

  const dnnl::engine& dnnl_engine() const { return engine_; }
  int threads() const { return threads_; }

  // The primitive that `choose` describes, for ops that ask for it once only. Errors name `node`.
  PreparedPtr Prepare(const char* what, const NodeContext& node,
                      const std::function<dnnl::primitive_desc_base()>& choose) const;
  // The same, kept under `key`: asked again for the same key, it gives the same object.
  PreparedPtr Prepare(const char* what, const NodeContext& node, const Key& key,
                      const std::function<dnnl::primitive_desc_base()>& choose) const;

 private:
  // A network has some tens of different primitives at one image size. What is in use lives on outside.
  static constexpr size_t kMaxKept = 1024;

  dnnl::engine engine_;
  int threads_;
  mutable std::mutex mutex_;
  mutable std::unordered_map<std::string, PreparedPtr> kept_;
};

// The node that an op's file prepares, and what it may use.
struct OpContext : NodeContext {
  const Engine& engine;
};

// Attributes that every primitive gets: its scratch memory comes from us, which makes it usable on several threads at
// once.
inline dnnl::primitive_attr BaseAttr() {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attr;
}

}  // namespace slimnet::onednn
