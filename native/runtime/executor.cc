#include "runtime/executor.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "runtime/own_thread.h"
#include "runtime/spin.h"

namespace slimnet {
namespace {

// Who awaits each run calls again within this time. Longer would take the event loop's time where cores are few.
constexpr auto kCallSpin = std::chrono::microseconds(50);

// Whether two jobs may not be at work at the same time.
bool Exclude(const Job& a, const Job& b) {
  if (a.owner() != b.owner()) return false;
  const auto either = [&](Access access) { return a.access() == access || b.access() == access; };
  return either(Access::kAlone) || (a.access() == Access::kUpdates && b.access() == Access::kUpdates);
}

// Whether `job` waits for `before`, which stands before it in the queue.
bool Follows(const Job& job, const Job& before) {
  if (job.owner() != before.owner()) return false;
  return !(job.access() == Access::kReads && before.access() == Access::kUpdates);
}

template <class Lanes>
auto FreeLane(const Lanes& lanes) {
  return std::find_if(lanes.begin(), lanes.end(), [](const auto& lane) { return lane->job == nullptr; });
}

}  // namespace

class Executor::LaneGuests final : public Guests {
 public:
  LaneGuests(Executor& executor, Lane& lane) : executor_(executor), lane_(lane) {}
  void LetIn() override { executor_.LetIn(lane_); }

 private:
  Executor& executor_;
  Lane& lane_;
};

Executor::Executor(std::string backend, int threads, Done done, std::optional<GpuOptions> gpu)
    : backend_(std::move(backend)), threads_(std::max(threads, 1)), gpu_(std::move(gpu)), done_(std::move(done)) {
  backends_[0] = MakeBackend(backend_, {.threads = threads_, .gpu = gpu_});
  parallel_.reserve(1);
  parallel_.push_back(StartLane(*backends_[0], threads_, LaneKind::kParallel));
}

Executor::~Executor() { Shutdown(); }

void Executor::MakeSerialLanes() {
  if (threads_ == 1 || !serial_.empty()) return;
  // What has memory of its own computes the same way however many threads queue its work, and is one device.
  std::shared_ptr<const Backend> backend =
      backends_[0]->device().shares_host_memory ? MakeBackend(backend_, {.threads = 1, .gpu = gpu_}) : backends_[0];
  std::vector<std::unique_ptr<Lane>> lanes;
  lanes.reserve(static_cast<size_t>(threads_));
  try {
    for (int i = 0; i < threads_; ++i) lanes.push_back(StartLane(*backend, 1, LaneKind::kSerial));
  } catch (...) {
    EndLanes(lanes);
    throw;
  }
  const std::lock_guard lock(mutex_);
  backends_[1] = std::move(backend);
  serial_ = std::move(lanes);
}

std::unique_ptr<Lane> Executor::StartLane(const Backend& backend, int threads, LaneKind kind) {
  auto lane = std::make_unique<Lane>(backend, threads, kind);
  try {
    lane->thread = std::thread([this, at = lane.get()] { Work(*at); });
  } catch (const std::system_error& error) {
    throw Error(ErrorCode::kBackend, std::string("Could not start an executor thread: ") + error.what() +
                                         ". Hint: raise the limit of threads (ulimit -u).");
  }
  return lane;
}

void Executor::EndLanes(const std::vector<std::unique_ptr<Lane>>& lanes) {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& lane : lanes) {
      lane->ending = true;
      lane->calls.fetch_add(1, std::memory_order_release);
      lane->changed.notify_one();
    }
  }
  for (const auto& lane : lanes) {
    if (lane->thread.joinable()) lane->thread.join();
  }
}

void Executor::Submit(std::unique_ptr<Job> job, size_t limit) {
  const std::lock_guard lock(mutex_);
  if (stopping_) throw Error(ErrorCode::kDisposed, "The environment is ending: nothing can be run any more.");
  const auto same = [&](const auto& other) { return other->owner() == job->owner(); };
  const auto waiting = static_cast<size_t>(std::count_if(queue_.begin(), queue_.end(), same));
  if (waiting >= limit) {
    throw Error(ErrorCode::kQueueFull, "The queue is full: " + std::to_string(waiting) +
                                           " runs wait already. Hint: await earlier runs, or raise queueLimit.");
  }
  queue_.push_back(std::move(job));
  waiting_.store(queue_.size(), std::memory_order_relaxed);
  Dispatch();
}

void Executor::Cancel(const std::function<bool(const Job&)>& match) {
  std::vector<std::unique_ptr<Job>> cancelled;
  {
    const std::lock_guard lock(mutex_);
    for (const auto* lanes : {&parallel_, &serial_}) {
      for (const auto& lane : *lanes) {
        for (const auto* job : {&lane->job, &lane->guest}) {
          if (*job && match(**job)) (*job)->cancelled_.store(true, std::memory_order_relaxed);
        }
      }
    }
    const auto keep = [&](const auto& job) { return !match(*job); };
    const auto end = std::stable_partition(queue_.begin(), queue_.end(), keep);
    std::move(end, queue_.end(), std::back_inserter(cancelled));
    queue_.erase(end, queue_.end());
    waiting_.store(queue_.size(), std::memory_order_relaxed);
    Dispatch();  // others may have waited for them
  }
  for (std::unique_ptr<Job>& job : cancelled) {
    job->failure_.emplace(ErrorCode::kAborted, "The run was aborted before it began.");
    done_(std::move(job));
  }
}

size_t Executor::Waiting(const void* owner) const {
  const std::lock_guard lock(mutex_);
  return static_cast<size_t>(
      std::count_if(queue_.begin(), queue_.end(), [&](const auto& job) { return job->owner() == owner; }));
}

Executor::Backends Executor::backends() const {
  const std::lock_guard lock(mutex_);
  return backends_;
}

size_t Executor::arena_bytes() const {
  const std::lock_guard lock(mutex_);
  size_t sum = 0;
  for (const auto* lanes : {&parallel_, &serial_}) {
    for (const auto& lane : *lanes) sum += lane->arena.bytes() + lane->guest_arena.bytes();
  }
  return sum;
}

void Executor::AddUser() {
  const std::lock_guard lock(mutex_);
  ++users_;
}

void Executor::RemoveUser() {
  const std::lock_guard lock(mutex_);
  if (--users_ > 0) return;
  for (const auto* lanes : {&parallel_, &serial_}) {
    for (const auto& lane : *lanes) lane->changed.notify_one();
  }
}

void Executor::Shutdown() {
  Queue dropped;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto* lanes : {&parallel_, &serial_}) {
      for (const auto& lane : *lanes) {
        for (const auto* job : {&lane->job, &lane->guest}) {
          if (*job) (*job)->cancelled_.store(true, std::memory_order_relaxed);
        }
      }
    }
    dropped.swap(queue_);
    waiting_.store(0, std::memory_order_relaxed);
  }
  EndLanes(serial_);
  EndLanes(parallel_);
  // What a lane was given and had not begun.
  const std::lock_guard lock(mutex_);
  for (const auto* lanes : {&parallel_, &serial_}) {
    for (const auto& lane : *lanes) {
      if (lane->job) dropped.push_back(std::move(lane->job));
    }
  }
}

bool Executor::IsFirstOfItsOwner(const Job& job, Queue::const_iterator end) const {
  return std::none_of(queue_.begin(), end, [&](const auto& before) { return Follows(job, *before); });
}

bool Executor::MayPass(const Job& job, Queue::const_iterator end) const {
  // What stands before it in the queue waits because it may not begin.
  const auto keeps = [&](const auto& lane) { return lane->job && Exclude(job, *lane->job); };
  return IsFirstOfItsOwner(job, end) && std::none_of(serial_.begin(), serial_.end(), keeps);
}

Executor::Queue::iterator Executor::FirstInTurn() {
  for (auto at = queue_.begin(); at != queue_.end(); ++at) {
    if (MayPass(**at, at)) return at;
  }
  return queue_.end();
}

bool Executor::Crowded() const {
  int count = 0;
  for (auto at = queue_.begin(); at != queue_.end() && count < threads_; ++at) {
    const Job& job = **at;
    if (job.parallelism() == Parallelism::kParallel) break;  // lets nothing pass
    if (std::none_of(queue_.begin(), at, [&](const auto& other) { return Exclude(job, *other); })) ++count;
  }
  return count >= threads_;
}

LaneKind Executor::KindFor(Job& job) const {
  if (serial_.empty() || job.parallelism() == Parallelism::kParallel) return LaneKind::kParallel;
  if (job.parallelism() == Parallelism::kSerial) return LaneKind::kSerial;
  const bool beside = std::any_of(serial_.begin(), serial_.end(), [this](const auto& l) { return AtWork(*l); });
  job.crowded_ = beside || Crowded();
  return job.crowded_ && job.ReadyForOneThread() ? LaneKind::kSerial : LaneKind::kParallel;
}

void Executor::Dispatch() {
  while (!stopping_ && !AtWork(*parallel_.front())) {
    const auto free = FreeLane(serial_);
    if (!serial_.empty() && free == serial_.end()) return;
    const auto at = FirstInTurn();
    if (at == queue_.end()) return;
    if (KindFor(**at) == LaneKind::kSerial) {
      Give(**free, at);
    } else if (std::none_of(serial_.begin(), serial_.end(), [this](const auto& l) { return AtWork(*l); })) {
      Give(*parallel_.front(), at);
    } else {
      return;
    }
  }
}

void Executor::Give(Lane& lane, Queue::iterator at) {
  lane.job = std::move(*at);
  queue_.erase(at);
  waiting_.store(queue_.size(), std::memory_order_relaxed);
  lane.job->Begin();
  lane.calls.fetch_add(1, std::memory_order_release);
  lane.changed.notify_one();
}

void Executor::Work(Lane& lane) {
  BeginOwnThread("run", TimeSlices::kUsual);
  const auto unused = [&] { return users_ == 0 && lane.arena.bytes() + lane.guest_arena.bytes() > 0; };
  std::unique_lock lock(mutex_);
  for (;;) {
    lane.changed.wait(lock, [&] { return lane.ending || lane.job || unused(); });
    if (lane.ending) break;
    if (!lane.job) {
      lane.arena.Release();
      lane.guest_arena.Release();
      continue;
    }
    lock.unlock();
    LaneGuests guests(*this, lane);
    const bool lets_in = lane.job->access() != Access::kReads;
    Execute(*lane.job, {lane.pool, *lane.stream, lane.arena, lane.kind, lets_in ? &guests : nullptr});
    lock.lock();
    std::unique_ptr<Job> ended = std::move(lane.job);
    Dispatch();
    const bool idle = !lane.job;
    const uint64_t calls = lane.calls.load(std::memory_order_relaxed);
    if (idle) lane.pool.Rest();
    lock.unlock();
    done_(std::move(ended));
    // With one thread there may be one core, and the caller needs it to call.
    if (idle && lane.pool.threads() > 1) {
      Spin(kCallSpin, [&] { return lane.calls.load(std::memory_order_acquire) != calls; });
    }
    lock.lock();
  }
  lane.arena.Release();
  lane.guest_arena.Release();
}

void Executor::LetIn(Lane& lane) {
  if (waiting_.load(std::memory_order_relaxed) == 0) return;
  {
    const std::lock_guard lock(mutex_);
    const auto excluded = [&](const Job& job) {
      const auto at_work = [&](const auto& other) {
        return (other->job && Exclude(job, *other->job)) || (other->guest && Exclude(job, *other->guest));
      };
      return std::any_of(parallel_.begin(), parallel_.end(), at_work) ||
             std::any_of(serial_.begin(), serial_.end(), at_work);
    };
    auto at = queue_.begin();
    while (at != queue_.end() && !((*at)->access() == Access::kReads && (*at)->MayBeGuestOn(lane.kind) &&
                                   IsFirstOfItsOwner(**at, at) && !excluded(**at))) {
      ++at;
    }
    if (stopping_ || at == queue_.end()) return;
    lane.guest = std::move(*at);
    queue_.erase(at);
    waiting_.store(queue_.size(), std::memory_order_relaxed);
    lane.guest->crowded_ = false;
    lane.guest->Begin();
  }
  Execute(*lane.guest, {lane.pool, *lane.guest_stream, lane.guest_arena, lane.kind});
  std::unique_ptr<Job> ended;
  {
    const std::lock_guard lock(mutex_);
    ended = std::move(lane.guest);
    Dispatch();  // others may have waited for it
  }
  done_(std::move(ended));
}

void Executor::Execute(Job& job, const ExecutorResources& resources) {
  job.Attempt([&] { job.Execute(resources); });
}

}  // namespace slimnet
