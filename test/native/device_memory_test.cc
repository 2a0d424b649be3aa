// Device pointers are a type of their own, and the device of tests punishes whoever takes them for something else.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "backend/backend.h"
#include "base/error.h"
#include "runtime/transfers.h"

namespace slimnet {
namespace {

// No pointer becomes a device pointer by itself, nor the other way round.
static_assert(!std::is_constructible_v<DevicePtr, void*>);
static_assert(!std::is_constructible_v<DevicePtr, const std::byte*>);
static_assert(!std::is_convertible_v<uintptr_t, DevicePtr>);
static_assert(!std::is_constructible_v<void*, DevicePtr>);
static_assert(!std::is_convertible_v<DevicePtr, bool>);
static_assert(std::is_trivially_copyable_v<DevicePtr> && sizeof(DevicePtr) == sizeof(void*));

TEST(DevicePtr, CountsInBytes) {
  DevicePtr pointer(4096);
  EXPECT_EQ((pointer + 3).address(), 4099U);
  pointer += -96;
  EXPECT_EQ(pointer, DevicePtr(4000));
  EXPECT_TRUE(pointer);
  EXPECT_FALSE(DevicePtr());
}

using Bytes = std::vector<std::byte>;

Bytes Counting(size_t count) {
  Bytes bytes(count);
  for (size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::byte>(i);
  return bytes;
}

class DiscreteDevice : public ::testing::Test {
 protected:
  const std::unique_ptr<Backend> backend_ = MakeBackend("discrete", {});
  const std::unique_ptr<Stream> stream_ = backend_->NewStream(nullptr);
  const std::unique_ptr<Memory> memory_ = backend_->Allocate(100);
};

using DiscreteDeviceDeathTest = DiscreteDevice;

// Not for the host's code to do: kernels have their own helpers.
const volatile char* Follow(DevicePtr pointer) { return reinterpret_cast<const volatile char*>(pointer.address()); }

TEST_F(DiscreteDeviceDeathTest, DoesNotLetTheHostReadItsMemory) {
  EXPECT_EQ(memory_->host(), nullptr);
  EXPECT_DEATH(static_cast<void>(*Follow(memory_->data())), "");
  EXPECT_DEATH(static_cast<void>(*Follow(memory_->data() + 99)), "");
}

TEST_F(DiscreteDeviceDeathTest, CannotReadTheHostsMemory) {
  Bytes bytes(100);
  const Bytes other(100);
  EXPECT_DEATH(
      {
        stream_->Download(bytes, SharedAddress(other.data()));
        stream_->Wait();
      },
      "");
}

TEST_F(DiscreteDeviceDeathTest, NeedsItsMemoryUntilTheWorkIsDone) {
  auto gone = backend_->Allocate(100);
  stream_->Copy(memory_->data(), gone->data(), 100);
  gone.reset();
  EXPECT_DEATH(stream_->Wait(), "");
}

TEST_F(DiscreteDevice, DoesNothingBeforeItIsWaitedFor) {
  const Bytes sent = Counting(100);
  Bytes back(100);
  stream_->Upload(memory_->data(), sent);
  stream_->Fill(memory_->data() + 90, std::byte{7}, 10);
  stream_->Download(back, memory_->data());
  EXPECT_EQ(back, Bytes(100, std::byte{0xff}));
  stream_->Wait();
  EXPECT_TRUE(std::equal(back.begin(), back.begin() + 90, sent.begin()));
  EXPECT_EQ(Bytes(back.begin() + 90, back.end()), Bytes(10, std::byte{7}));
}

TEST_F(DiscreteDevice, TellsWhenTheHostsMemoryWasChangedTooEarly) {
  Bytes sent = Counting(100);
  stream_->Upload(memory_->data(), sent);
  sent[50] = std::byte{0};
  EXPECT_THROW(stream_->Wait(), Error);
  stream_->Wait();  // nothing is left
}

TEST(Transfers, BringAndFetchWhatTheHostCannotSee) {
  for (const char* const name : {"reference", "discrete"}) {
    SCOPED_TRACE(name);
    const std::unique_ptr<Backend> backend = MakeBackend(name, {});
    Transfers transfers(*backend);
    const auto memory = backend->Allocate(100);
    const auto copy = backend->Allocate(100);
    transfers.Zero(*memory);
    transfers.Upload(*memory, Counting(10), 5);
    transfers.Copy(*copy, *memory);
    Bytes expected(100);
    for (size_t i = 0; i < 10; ++i) expected[5 + i] = static_cast<std::byte>(i);
    Bytes back(50);
    transfers.Download(back, *copy, 2);
    EXPECT_EQ(back, Bytes(expected.begin() + 2, expected.begin() + 52));
    const HostView view(*copy, 60, transfers);
    EXPECT_EQ(Bytes(view.bytes().begin(), view.bytes().end()), Bytes(expected.begin(), expected.begin() + 60));

    const HostStaging staging(*memory, 100);
    const Bytes sent = Counting(100);
    std::copy(sent.begin(), sent.end(), staging.bytes().begin());
    staging.Finish(transfers);
    const HostView whole(*memory, 100, transfers);
    EXPECT_EQ(Bytes(whole.bytes().begin(), whole.bytes().end()), sent);
  }
}

}  // namespace
}  // namespace slimnet
