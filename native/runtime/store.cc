#include "runtime/store.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/error.h"
#include "runtime/allocate.h"

namespace slimnet {
namespace {

Error NoVariable(const std::string& name, size_t count) {
  return Error(ErrorCode::kArgument,
               "There is no variable " + name + " among the " + std::to_string(count) + " of this store.")
      .At("variable", name);
}

}  // namespace

Store::Store(std::shared_ptr<const Backend> backend, std::shared_ptr<PackedCache> cache)
    : backend_(std::move(backend)), cache_(std::move(cache)), transfers_(*backend_), slabs_(*backend_) {}

void Store::Declare(const std::string& name, const TensorType& type) {
  const std::lock_guard lock(mutex_);
  if (const auto found = slots_.find(name); found != slots_.end()) {
    const Variable& there = variables_[found->second];
    if (there.type == type) return;
    throw Error(ErrorCode::kArgument, "Variable " + name + " is declared again as " + ToString(type) + "; it is " +
                                          ToString(there.type) + " already.")
        .At("variable", name);
  }
  variables_.reserve(variables_.size() + 1);
  slots_.emplace(name, variables_.size());
  Variable variable;
  variable.name = name;
  variable.type = type;
  variables_.push_back(std::move(variable));
  ++version_;
}

void Store::Write(const std::string& name, DType dtype, std::span<const std::byte> data, int64_t offset) {
  const std::lock_guard lock(mutex_);
  Variable& variable = Find(name);
  if (dtype != variable.type.dtype) {
    throw Error(ErrorCode::kArgument, "Variable " + name + ": expected " + std::string(Name(variable.type.dtype)) +
                                          " data, received " + std::string(Name(dtype)) + ".")
        .At("variable", name);
  }
  const size_t unit = BytesOf(dtype);
  const int64_t total = ElementCount(variable.type.shape);
  const auto count = static_cast<int64_t>(data.size() / unit);
  if (offset < 0 || offset > total || count > total - offset) {
    throw Error(ErrorCode::kArgument, "Variable " + name + " of type " + ToString(variable.type) + " has " +
                                          std::to_string(total) + " elements, received " + std::to_string(count) +
                                          " for the place from element " + std::to_string(offset) + " on.")
        .At("variable", name);
  }
  const bool whole = count == total;
  if (!variable.memory) {
    MakeMemory(variable, !whole);
  } else if (!readings_.empty() && variable.made_in_reading != reading_number_) {
    Detach(variable, !whole);
  }
  transfers_.Upload(*variable.memory, data, static_cast<size_t>(offset) * unit);
  Renew(variable);
}

void Store::Replace(const std::string& name, std::unique_ptr<Memory> memory,
                    const std::optional<ContentHash>& content) {
  std::unique_ptr<Memory> unseen;  // freed after the lock is given back
  const std::lock_guard lock(mutex_);
  Variable& variable = Find(name);
  if (!variable.memory) {
    bytes_ += ByteSize(variable.type);
  } else if (readings_.empty() || variable.made_in_reading == reading_number_) {
    unseen = std::move(variable.memory);
  } else {
    Retire(std::move(variable.memory));
  }
  variable.memory = std::move(memory);
  variable.made_in_reading = readings_.empty() ? 0 : reading_number_;  // who reads now does not see it
  Renew(variable);
  variable.content = content;
}

void Store::HashContents(std::span<const std::string> names, ParallelFor& pool) {
  View view;
  std::vector<size_t> bytes;
  for (const std::string& name : names) {
    const TensorType type = TypeOf(name);
    view.slots.push_back(Slot(name, type));
    bytes.push_back(ByteSize(type));
  }
  // Read without the lock, which runs need to begin: only what is still of the same version afterwards counts.
  const Reading reading(*this, view);
  std::vector<ContentHash> contents(names.size());
  std::vector<std::exception_ptr> failures(names.size());
  const auto hash = [&](int job) {
    const auto i = static_cast<size_t>(job);
    try {
      contents[i] = HashOf(HostView(*view.memory[i], bytes[i], transfers_).bytes());
    } catch (...) {
      failures[i] = std::current_exception();
    }
  };
  pool.Run(static_cast<int>(names.size()), hash);
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < names.size(); ++i) {
    Variable& variable = variables_[view.slots[i]];
    if (variable.version == view.versions[i]) variable.content = contents[i];
  }
  ++version_;  // views hold what was known of the contents before
}

TensorType Store::TypeOf(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return Find(name).type;
}

void Store::Read(const std::string& name, std::span<std::byte> data) {
  const std::lock_guard lock(mutex_);
  Variable& variable = Find(name);
  if (data.size() != ByteSize(variable.type)) {
    throw Error(ErrorCode::kInternal, "Store::Read: expected room for " + std::to_string(ByteSize(variable.type)) +
                                          " bytes, received " + std::to_string(data.size()) + ".")
        .At("variable", name);
  }
  if (!variable.memory) {
    std::fill(data.begin(), data.end(), std::byte{0});
    return;
  }
  transfers_.Download(data, *variable.memory);
}

std::vector<VariableInfo> Store::Variables() const {
  const std::lock_guard lock(mutex_);
  std::vector<VariableInfo> list;
  list.reserve(variables_.size());
  for (const Variable& variable : variables_) list.push_back({variable.name, variable.type});
  return list;
}

StoreStats Store::Stats() const {
  const std::lock_guard lock(mutex_);
  return {bytes_, packed_bytes_->load(std::memory_order_relaxed), variables_.size(),
          runs_[0].load(std::memory_order_relaxed), runs_[1].load(std::memory_order_relaxed)};
}

size_t Store::Slot(const std::string& name, const TensorType& type) const {
  const std::lock_guard lock(mutex_);
  const auto found = slots_.find(name);
  if (found == slots_.end()) {
    throw Error(ErrorCode::kExecution, "The plan uses variable " + name + ", which the store does not have.")
        .At("variable", name);
  }
  const Variable& variable = variables_[found->second];
  if (variable.type != type) {
    throw Error(ErrorCode::kExecution, "The plan takes variable " + name + " for " + ToString(type) + "; it is " +
                                           ToString(variable.type) + ".")
        .At("variable", name);
  }
  return found->second;
}

std::shared_ptr<PackedConstant> Store::Packed(const std::string& key) {
  auto fresh = std::make_shared<PackedConstant>();
  fresh->account = packed_bytes_;
  if (key.empty()) return fresh;
  const std::lock_guard lock(mutex_);
  std::erase_if(packed_, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<PackedConstant>& entry = packed_[key];
  if (auto shared = entry.lock()) return shared;
  entry = fresh;
  return fresh;
}

void Store::MakeRoom(PackedConstant& constant, size_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    if (constant.memory && readings_.size() <= 1 && constant.memory.use_count() == 1) return;
  }
  auto memory = slabs_.Take(bytes);
  const std::lock_guard lock(mutex_);
  if (constant.memory) Retire(std::move(constant.memory));
  packed_bytes_->fetch_add(memory->bytes() - constant.bytes, std::memory_order_relaxed);
  constant.bytes = memory->bytes();
  constant.memory = std::move(memory);
}

void Store::CountRun(LaneKind kind) { runs_[static_cast<size_t>(kind)].fetch_add(1, std::memory_order_relaxed); }

Store::Variable& Store::Find(const std::string& name) {
  const auto found = slots_.find(name);
  if (found == slots_.end()) throw NoVariable(name, variables_.size());
  return variables_[found->second];
}

const Store::Variable& Store::Find(const std::string& name) const {
  const auto found = slots_.find(name);
  if (found == slots_.end()) throw NoVariable(name, variables_.size());
  return variables_[found->second];
}

void Store::MakeMemory(Variable& variable, bool zeroed) {
  auto memory = Allocate(*backend_, ByteSize(variable.type));
  if (zeroed) transfers_.Zero(*memory);
  variable.memory = std::move(memory);
  variable.made_in_reading = readings_.empty() ? 0 : reading_number_;  // who reads now does not see it
  bytes_ += ByteSize(variable.type);
}

void Store::Detach(Variable& variable, bool copy) {
  auto memory = Allocate(*backend_, variable.memory->bytes());
  if (copy) transfers_.Copy(*memory, *variable.memory);
  Retire(std::move(variable.memory));
  variable.memory = std::move(memory);
  variable.made_in_reading = reading_number_;
}

void Store::Retire(std::shared_ptr<Memory> memory) {
  retired_.emplace_back();
  retired_.back() = {std::move(memory), reading_number_};
}

void Store::Renew(Variable& variable) {
  variable.version = ++version_;
  variable.content.reset();
}

Store::Reading::Reading(Store& store, View& view) : store_(store) {
  const std::lock_guard lock(store_.mutex_);
  if (view.store_version != store_.version_) {
    changed_ = true;
    view.memory.resize(view.slots.size());
    view.versions.resize(view.slots.size());
    view.contents.resize(view.slots.size());
    for (size_t i = 0; i < view.slots.size(); ++i) {
      Variable& variable = store_.variables_[view.slots[i]];
      if (!variable.memory) store_.MakeMemory(variable, true);
      view.memory[i] = variable.memory.get();
      view.versions[i] = variable.version;
      view.contents[i] = variable.content;
    }
    view.store_version = store_.version_;
  }
  store_.readings_.push_back(store_.reading_number_ + 1);
  number_ = ++store_.reading_number_;
}

Store::Reading::~Reading() {
  std::list<Retired> unseen;  // freed after the lock is given back
  const std::lock_guard lock(store_.mutex_);
  std::erase(store_.readings_, number_);
  auto& retired = store_.retired_;
  const uint64_t oldest = store_.readings_.empty() ? store_.reading_number_ + 1 : store_.readings_.front();
  const auto seen =
      std::find_if(retired.begin(), retired.end(), [&](const Retired& r) { return r.last_reading >= oldest; });
  unseen.splice(unseen.begin(), retired, retired.begin(), seen);
}

Store::Updating::Updating(Store& store, const View& view, std::span<const size_t> updated)
    : store_(store), view_(view), updated_(updated), lock_(store.mutex_) {}

Store::Updating::~Updating() {
  for (const size_t i : updated_) {
    Variable& variable = store_.variables_[view_.slots[i]];
    // A write that came during the run stands above the run's update, which went to the replaced memory.
    if (variable.memory && variable.memory.get() == view_.memory[i]) store_.Renew(variable);
  }
}

}  // namespace slimnet
