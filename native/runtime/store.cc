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

Store::Store(std::shared_ptr<const Backend> backend, std::shared_ptr<PackedCache> cache,
             std::shared_ptr<SharedBlocks> shared)
    : backend_(std::move(backend)),
      cache_(std::move(cache)),
      shared_(std::move(shared)),
      transfers_(*backend_),
      slabs_(*backend_) {}

std::unique_ptr<Memory> Store::NewMemory(size_t bytes) const {
  auto shareable = shared_ ? shared_->Allocate(*backend_, bytes) : nullptr;
  return shareable ? std::move(shareable) : Allocate(*backend_, bytes);
}

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
  const std::shared_lock contents_lock(contents_mutex_);
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
  if (variable.lost && !whole) throw Lost(variable);
  const bool seen = !readings_.empty() && variable.made_in_reading != reading_number_;
  if (!variable.memory) {
    MakeMemory(variable, !whole);
  } else if (seen || variable.memory.use_count() > 1) {
    Detach(variable, !whole);
  }
  transfers_.Upload(*variable.memory, data, static_cast<size_t>(offset) * unit);
  Renew(variable);
}

void Store::Replace(const std::string& name, std::unique_ptr<Memory> memory,
                    const std::optional<ContentHash>& content) {
  std::shared_ptr<Memory> unseen;  // freed after the lock is given back
  const std::lock_guard lock(mutex_);
  Variable& variable = Find(name);
  if (!variable.memory) {
    bytes_ += ByteSize(variable.type);
  } else if (readings_.empty() || variable.made_in_reading == reading_number_) {
    unseen = std::move(variable.memory);
  } else {
    Retire({std::move(variable.memory), variable.made_in_reading, reading_number_, std::nullopt});
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
  std::vector<std::shared_ptr<Memory>> unchanged;  // who holds it keeps writes away from it
  {
    const std::lock_guard lock(mutex_);
    for (size_t i = 0; i < names.size(); ++i) {
      Variable& variable = variables_[view.slots[i]];
      const bool same = variable.version == view.versions[i];
      if (same) variable.content = contents[i];
      unchanged.push_back(same ? variable.memory : nullptr);
    }
    ++version_;  // views hold what was known of the contents before
  }
  if (!shared_) return;
  const auto share = [&](int job) {
    const auto i = static_cast<size_t>(job);
    if (unchanged[i]) shared_->Share(*unchanged[i], contents[i]);
  };
  pool.Run(static_cast<int>(names.size()), share);
}

TensorType Store::TypeOf(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return Find(name).type;
}

void Store::Read(const std::string& name, std::span<std::byte> data) {
  const std::shared_lock contents_lock(contents_mutex_);
  std::shared_ptr<const Memory> memory;  // a run that ends while it is copied does not use it again before that
  {
    const std::lock_guard lock(mutex_);
    const Variable& variable = Find(name);
    if (variable.lost) throw Lost(variable);
    if (data.size() != ByteSize(variable.type)) {
      throw Error(ErrorCode::kInternal, "Store::Read: expected room for " + std::to_string(ByteSize(variable.type)) +
                                            " bytes, received " + std::to_string(data.size()) + ".")
          .At("variable", name);
    }
    memory = variable.memory;
  }
  if (memory) {
    transfers_.Download(data, *memory);
  } else {
    std::fill(data.begin(), data.end(), std::byte{0});
  }
}

std::vector<Store::Value> Store::Values(std::span<const std::string> names) const {
  std::vector<Value> values;
  values.reserve(names.size());
  const std::lock_guard lock(mutex_);
  for (const std::string& name : names) {
    const Variable& variable = Find(name);
    if (variable.lost) throw Lost(variable);
    values.push_back({variable.type, variable.memory});
  }
  return values;
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
  return {bytes_,
          packed_bytes_->load(std::memory_order_relaxed),
          spare_bytes_,
          input_rooms_.bytes(),
          variables_.size(),
          runs_[0].load(std::memory_order_relaxed),
          runs_[1].load(std::memory_order_relaxed)};
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
  std::unique_ptr<Memory> memory = shared_ ? shared_->Allocate(*backend_, bytes) : nullptr;
  if (!memory) memory = slabs_.Take(bytes);
  const std::lock_guard lock(mutex_);
  if (constant.memory) Retire({std::move(constant.memory), 0, reading_number_, std::nullopt});
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
  auto memory = NewMemory(ByteSize(variable.type));
  if (zeroed) transfers_.Zero(*memory);
  variable.memory = std::move(memory);
  variable.made_in_reading = readings_.empty() ? 0 : reading_number_;  // who reads now does not see it
  bytes_ += ByteSize(variable.type);
}

void Store::Detach(Variable& variable, bool copy) {
  auto memory = NewMemory(variable.memory->bytes());
  if (copy) transfers_.Copy(*memory, *variable.memory);
  Retire({std::move(variable.memory), variable.made_in_reading, reading_number_, std::nullopt});
  variable.memory = std::move(memory);
  variable.made_in_reading = readings_.empty() ? 0 : reading_number_;
}

void Store::Retire(Retired retired) { retired_.push_back(std::move(retired)); }

std::list<Store::Retired> Store::TakeUnseen() {
  std::list<Retired> unseen;
  for (auto at = retired_.begin(); at != retired_.end();) {
    const auto reading = std::upper_bound(readings_.begin(), readings_.end(), at->made_in_reading);
    const auto next = std::next(at);
    if (reading == readings_.end() || *reading > at->last_reading) {
      if (at->slot && KeepSpare(*at->slot, at->memory)) {
        retired_.erase(at);
      } else {
        unseen.splice(unseen.end(), retired_, at);
      }
    }
    at = next;
  }
  return unseen;
}

bool Store::KeepSpare(size_t slot, std::shared_ptr<Memory>& memory) {
  Variable& variable = variables_[slot];
  if (variable.spare_keepers > 0 && !variable.spare) {
    variable.spare = std::move(memory);
    return true;
  }
  spare_bytes_ -= memory->bytes();
  return false;
}

Error Store::Lost(const Variable& variable) const {
  return Error(ErrorCode::kExecution,
               "Variable " + variable.name +
                   " has no value: a run failed while it wrote new values over the old ones. Hint: call "
                   "session.restore(checkpoint) or session.initialize().")
      .At("variable", variable.name);
}

void Store::Renew(Variable& variable) {
  variable.version = ++version_;
  variable.content.reset();
  variable.lost = false;
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
      if (variable.lost) {
        view.store_version = 0;  // it is half up to date
        throw store_.Lost(variable);
      }
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
  unseen = store_.TakeUnseen();
}

Store::KeptSpares::KeptSpares(Store& store, std::vector<size_t> slots) : store_(store), slots_(std::move(slots)) {
  const std::lock_guard lock(store_.mutex_);
  for (const size_t slot : slots_) ++store_.variables_[slot].spare_keepers;
}

Store::KeptSpares::~KeptSpares() {
  std::vector<std::shared_ptr<Memory>> unwanted;  // freed after the lock is given back
  const std::lock_guard lock(store_.mutex_);
  for (const size_t slot : slots_) {
    Variable& variable = store_.variables_[slot];
    if (--variable.spare_keepers > 0 || !variable.spare) continue;
    store_.spare_bytes_ -= variable.spare->bytes();
    unwanted.push_back(std::move(variable.spare));
  }
}

Store::Transaction::Transaction(Store& store, const View& view, std::span<const size_t> updated)
    : store_(store), view_(view), updated_(updated), memory_(updated.size()), replaced_(updated.size()) {
  std::vector<std::shared_ptr<Memory>> read;  // freed, in time, by those who copy them
  {
    const std::lock_guard lock(store_.mutex_);
    for (size_t i = 0; i < updated_.size(); ++i) {
      auto& spare = store_.variables_[view_.slots[updated_[i]]].spare;
      if (spare && spare.use_count() > 1) {
        store_.spare_bytes_ -= spare->bytes();
        read.push_back(std::move(spare));
      } else {
        memory_[i] = std::move(spare);
      }
    }
  }
  try {
    for (size_t i = 0; i < updated_.size(); ++i) {
      if (memory_[i]) continue;
      memory_[i] = Allocate(*store_.backend_, view_.memory[updated_[i]]->bytes());
      const std::lock_guard lock(store_.mutex_);
      store_.spare_bytes_ += memory_[i]->bytes();
    }
  } catch (...) {
    GiveBack();
    throw;
  }
}

Store::Transaction::~Transaction() { GiveBack(); }

void Store::Transaction::GiveBack() {
  const std::lock_guard lock(store_.mutex_);
  for (size_t i = 0; i < updated_.size(); ++i) {
    if (memory_[i]) store_.KeepSpare(view_.slots[updated_[i]], memory_[i]);
  }
}

void Store::Transaction::Publish() {
  std::list<Retired> unseen;  // freed after the lock is given back
  const std::lock_guard lock(store_.mutex_);
  auto& retired = store_.retired_;
  for (size_t i = 0; i < updated_.size(); ++i) {
    const size_t slot = view_.slots[updated_[i]];
    Variable& variable = store_.variables_[slot];
    // A write that came during the run stands above the new value, which is made of the old one.
    if (variable.memory.get() != view_.memory[updated_[i]]) continue;
    replaced_.front() = {std::move(variable.memory), variable.made_in_reading, store_.reading_number_, slot};
    retired.splice(retired.end(), replaced_, replaced_.begin());
    variable.memory = std::move(memory_[i]);
    variable.made_in_reading = store_.reading_number_;
    store_.Renew(variable);
  }
  unseen = store_.TakeUnseen();
}

Store::InPlaceUpdate::InPlaceUpdate(Store& store, const View& view, std::span<const size_t> updated)
    : store_(store), view_(view), updated_(updated), lock_(store.contents_mutex_) {}

Store::InPlaceUpdate::~InPlaceUpdate() {
  const std::lock_guard lock(store_.mutex_);
  for (const size_t i : updated_) {
    Variable& variable = store_.variables_[view_.slots[i]];
    // A write that came during the run stands above the run's update, which went to the replaced memory.
    if (variable.memory.get() != view_.memory[i]) continue;
    store_.Renew(variable);
    variable.lost = !finished_;
  }
}

}  // namespace slimnet
