// The variables of a session, by name, and the constants that programs made out of them.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "backend/backend.h"
#include "base/content_hash.h"
#include "base/error.h"
#include "runtime/input_rooms.h"
#include "runtime/packed_cache.h"
#include "runtime/resources.h"
#include "runtime/shared_blocks.h"
#include "runtime/slabs.h"
#include "runtime/transfers.h"

namespace slimnet {

// A constant that a program's prologue made out of variables, e.g. a filter with folded batch norm in its kernel's
// layout. Programs of one store that need the same one share it. To be touched only by who holds Store::LockConstants.
struct PackedConstant {
  std::shared_ptr<Memory> memory;  // shared with who writes it to disk
  // Versions of the variables that it was made of, by ascending slot.
  std::vector<uint64_t> versions;
  bool computed = false;
  std::atomic<size_t> bytes{0};
  std::shared_ptr<std::atomic<size_t>> account;  // the sum of the bytes of a store's constants

  PackedConstant() = default;
  PackedConstant(const PackedConstant&) = delete;
  PackedConstant& operator=(const PackedConstant&) = delete;
  ~PackedConstant() {
    if (account) account->fetch_sub(bytes, std::memory_order_relaxed);
  }
};

struct VariableInfo {
  std::string name;
  TensorType type;
};

struct StoreStats {
  size_t bytes = 0;
  size_t packed_bytes = 0;
  size_t spare_bytes = 0;  // second memory of variables that programs change
  size_t input_bytes = 0;  // room for the inputs of runs
  size_t variables = 0;
  // Runs that ended well.
  uint64_t parallel_runs = 0;
  uint64_t serial_runs = 0;
};

// Reading and writing from any thread never waits for a running program: a program works on the values of the moment at
// which it began. A write to a variable that a running program uses goes to new memory, which the next run sees. What a
// program makes of variables goes to spare memory as well, and becomes their values all at once (Transaction). Only
// while a program writes over variables in place do readers and writers wait, so that they see all of it or none.
class Store {
  struct Retired;

 public:
  // Constants are looked for in `cache`, and what restored variables and constants hold is shared through `shared`,
  // unless those are null.
  explicit Store(std::shared_ptr<const Backend> backend, std::shared_ptr<PackedCache> cache = nullptr,
                 std::shared_ptr<SharedBlocks> shared = nullptr);

  const Backend& backend() const { return *backend_; }
  // Between the host and the store's memory.
  Transfers& transfers() { return transfers_; }
  // Of the programs that run on the store.
  InputRooms& input_rooms() { return input_rooms_; }
  // Null where there is none.
  PackedCache* packed_cache() const { return cache_.get(); }
  SharedBlocks* shared_blocks() const { return shared_.get(); }
  // Whether anybody asks for the hashes of contents.
  bool hashes() const { return cache_ != nullptr || shared_ != nullptr; }
  // Memory for the values of a variable. Throws Error{kMemory}.
  std::unique_ptr<Memory> NewMemory(size_t bytes) const;

  // Makes a variable of zeros. Declaring it again with the same type does nothing. Throws Error{kArgument}.
  void Declare(const std::string& name, const TensorType& type);
  // Copies `data` over the elements from `offset` on. Throws Error{kArgument} when name, dtype or size do not fit.
  void Write(const std::string& name, DType dtype, std::span<const std::byte> data, int64_t offset);
  // Gives a variable other memory of its size, whose values it takes. Throws Error{kArgument}.
  // With `content`, the hash of the values, they are hashed.
  void Replace(const std::string& name, std::unique_ptr<Memory> memory,
               const std::optional<ContentHash>& content = std::nullopt);
  // The values of these variables are here to stay: they are hashed, on the pool's threads, so that what is made of
  // them can be found on disk, and shared. The hash is dropped when they change. Throws Error{kArgument}.
  void HashContents(std::span<const std::string> names, ParallelFor& pool);
  // Type of a variable. Throws Error{kArgument}.
  TensorType TypeOf(const std::string& name) const;
  // Copies all of a variable into `data`, which must have its size. Throws Error{kExecution} where the value is lost.
  void Read(const std::string& name, std::span<std::byte> data);
  // What variables are at one moment. Null memory: zeros.
  struct Value {
    TensorType type;
    std::shared_ptr<const Memory> memory;
  };
  // Of all of them at the same moment. Runs and writes leave this memory alone as long as it is held. Throws
  // Error{kArgument}, and Error{kExecution} where a value is lost.
  std::vector<Value> Values(std::span<const std::string> names) const;
  std::vector<VariableInfo> Variables() const;
  StoreStats Stats() const;

  // --- for programs, on the executor's threads ---

  // Number of a variable, for Reading. Throws Error{kExecution} when it is missing or has another type.
  size_t Slot(const std::string& name, const TensorType& type) const;

  // The constant of this key, new (not computed) when no program holds it. An empty key is never shared.
  std::shared_ptr<PackedConstant> Packed(const std::string& key);
  // Held while a program looks at its constants or makes them. Who waits to begin a run waits for those that are being
  // made.
  std::unique_lock<std::mutex> LockConstants() { return std::unique_lock(constants_mutex_); }
  // Gives a constant memory that nobody reads, counted in Stats: what it has, where the caller's own Reading is the
  // only one, else new memory in place of it.
  void MakeRoom(PackedConstant& constant, size_t bytes);
  void CountRun(LaneKind kind);
  // How many runs asked before.
  uint64_t NextDraw() { return draws_.fetch_add(1, std::memory_order_relaxed); }

  // What a program saw of its variables when it last ran.
  struct View {
    std::vector<size_t> slots;                         // set by the program
    std::vector<const Memory*> memory;                 // of each
    std::vector<uint64_t> versions;                    // and its version
    std::vector<std::optional<ContentHash>> contents;  // of those that are hashed
    uint64_t store_version = 0;                        // 0: never looked
  };

  // Holds the variables as they are now. While one lives, writes do not touch what it sees.
  class Reading {
   public:
    // Brings the view up to date. Memory is made for variables that have none yet. Throws Error{kExecution} where the
    // value of one is lost.
    Reading(Store& store, View& view);
    ~Reading();
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;

    // True when the view had to be changed.
    bool changed() const { return changed_; }

   private:
    Store& store_;
    uint64_t number_ = 0;
    bool changed_ = false;
  };

  // Keeps spare memory of variables from one run to the next: one block for each, as long as somebody wants it.
  class KeptSpares {
   public:
    KeptSpares(Store& store, std::vector<size_t> slots);
    ~KeptSpares();
    KeptSpares(const KeptSpares&) = delete;
    KeptSpares& operator=(const KeptSpares&) = delete;

   private:
    Store& store_;
    const std::vector<size_t> slots_;
  };

  // New values of variables, which nobody sees before they are published. The Reading of the view must live longer, and
  // only one of a store's Transactions for a variable at a time.
  class Transaction {
   public:
    // `updated`: positions in `view` of the variables that get new values. Throws Error{kMemory}.
    Transaction(Store& store, const View& view, std::span<const size_t> updated);
    // What was not published is as if it had never been.
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    // Where the new value of the i-th of them is to be made.
    DevicePtr data(size_t i) const { return memory_[i]->data(); }
    // Makes them the variables' values, all at once. A write that came meanwhile stands above the new value.
    void Publish();

   private:
    void GiveBack();

    Store& store_;
    const View& view_;
    const std::span<const size_t> updated_;
    std::vector<std::shared_ptr<Memory>> memory_;
    std::list<Retired> replaced_;  // made ahead: publishing cannot fail
  };

  // Shuts readers and writers out while a program writes over variables in place. No other Reading may live.
  class InPlaceUpdate {
   public:
    // `updated`: positions in `view` of the variables that the program changes.
    InPlaceUpdate(Store& store, const View& view, std::span<const size_t> updated);
    // Notes the new values: as lost, unless all were written. Then nobody reads them until they are written anew.
    ~InPlaceUpdate();
    InPlaceUpdate(const InPlaceUpdate&) = delete;
    InPlaceUpdate& operator=(const InPlaceUpdate&) = delete;

    void Finish() { finished_ = true; }

   private:
    Store& store_;
    const View& view_;
    const std::span<const size_t> updated_;
    const std::unique_lock<std::shared_mutex> lock_;
    bool finished_ = false;
  };

 private:
  struct Variable {
    std::string name;
    TensorType type;
    std::shared_ptr<Memory> memory;  // made at the first use; shared with those who copy it without the lock
    std::shared_ptr<Memory> spare;   // for the next Transaction
    size_t spare_keepers = 0;
    bool lost = false;  // what `memory` holds is half new
    uint64_t version = 1;
    std::optional<ContentHash> content;  // where the values are hashed
    // The last Reading that had begun when `memory` was made while Readings lived: they do not see this memory.
    uint64_t made_in_reading = 0;
  };
  // Memory that was replaced while Readings lived that may see it: those behind `made_in_reading` up to `last_reading`.
  struct Retired {
    std::shared_ptr<Memory> memory;
    uint64_t made_in_reading = 0;
    uint64_t last_reading = 0;
    std::optional<size_t> slot;  // whose spare it becomes
  };

  // All below expect mutex_ to be held.
  Variable& Find(const std::string& name);
  const Variable& Find(const std::string& name) const;
  void MakeMemory(Variable& variable, bool zeroed);
  // Memory that no running program sees, with the values copied from the old unless they will all be overwritten.
  void Detach(Variable& variable, bool copy);
  // Takes memory over and keeps it for the Readings that live.
  void Retire(Retired retired);
  // Takes out what no Reading sees any more: gives spares back to their variables, and returns the rest, to be freed
  // when the lock has been given back.
  std::list<Retired> TakeUnseen();
  // Takes spare memory back. False where it is not wanted: then it is to be freed.
  bool KeepSpare(size_t slot, std::shared_ptr<Memory>& memory);
  Error Lost(const Variable& variable) const;
  // The values have changed.
  void Renew(Variable& variable);

  std::shared_ptr<const Backend> backend_;
  std::shared_ptr<PackedCache> cache_;
  std::shared_ptr<SharedBlocks> shared_;
  Transfers transfers_;
  InputRooms input_rooms_{*backend_};
  std::shared_ptr<std::atomic<size_t>> packed_bytes_ = std::make_shared<std::atomic<size_t>>(0);

  mutable std::mutex mutex_;
  std::vector<Variable> variables_;
  std::unordered_map<std::string, size_t> slots_;
  uint64_t version_ = 1;
  std::vector<uint64_t> readings_;  // numbers of those that live, ascending
  uint64_t reading_number_ = 0;
  std::list<Retired> retired_;
  size_t bytes_ = 0;
  size_t spare_bytes_ = 0;
  // Held by those who copy variables' memory, and alone by an InPlaceUpdate. Before mutex_, where both are taken.
  std::shared_mutex contents_mutex_;
  std::map<std::string, std::weak_ptr<PackedConstant>, std::less<>> packed_;
  std::mutex constants_mutex_;                   // before mutex_, where both are taken
  Slabs slabs_;                                  // of the constants; for who holds constants_mutex_
  std::array<std::atomic<uint64_t>, 2> runs_{};  // by LaneKind
  std::atomic<uint64_t> draws_{0};
};

}  // namespace slimnet
