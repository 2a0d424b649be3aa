// A queue of the device as the runtime sees it.
#pragma once

#include <memory>
#include <utility>

#include "backend/backend.h"
#include "backends/cudnn/gpu/queue.h"

namespace slimnet::cudnn {

class QueueStream final : public Stream {
 public:
  explicit QueueStream(std::unique_ptr<Queue> queue) : queue_(std::move(queue)) {}

  void Upload(DevicePtr to, std::span<const std::byte> from) override { queue_->Upload(to, from); }
  void Download(std::span<std::byte> to, DevicePtr from) override { queue_->Download(to, from); }
  void Copy(DevicePtr to, DevicePtr from, size_t bytes) override { queue_->Copy(to, from, bytes); }
  void Fill(DevicePtr to, std::byte value, size_t bytes) override { queue_->Fill(to, value, bytes); }
  void Wait() override { queue_->Wait(); }

  Queue& queue() { return *queue_; }

 private:
  std::unique_ptr<Queue> queue_;
};

inline Queue& QueueOf(Stream& stream) { return static_cast<QueueStream&>(stream).queue(); }

}  // namespace slimnet::cudnn
