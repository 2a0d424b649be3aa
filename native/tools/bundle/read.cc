#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <new>
#include <set>
#include <string>
#include <system_error>

#include "base/crc32c.h"
#include "base/error.h"
#include "ir/limits.h"
#include "ir/scanner.h"
#include "ir/text.h"
#include "tools/bundle/bundle.h"

namespace slimnet::bundle {
namespace {

constexpr int64_t kVersion = 1;
constexpr int64_t kMostBytes = int64_t{1} << 31;  // of a file
constexpr int64_t kMostCases = 1'000'000;

// The lines of a part of a bundle, and the bytes between them.
class Lines {
 public:
  Lines(std::span<const std::byte> bytes, std::string_view what) : bytes_(bytes), what_(what) {}

  bool AtEnd() const { return at_ == bytes_.size(); }
  size_t at() const { return at_; }

  Scanner Next() {
    const auto* const text = reinterpret_cast<const char*>(bytes_.data());
    const std::string_view rest(text + at_, bytes_.size() - at_);
    const size_t end = rest.find('\n');
    ++number_;
    if (end == std::string_view::npos) {
      Scanner(rest, number_, what_).Fail("the text ends inside this line; expected a line feed after each line");
    }
    at_ += end + 1;
    return {rest.substr(0, end), number_, what_};
  }

  // As many bytes as the line before says, which a line feed follows.
  std::span<const std::byte> Bytes(Scanner& line) {
    const int64_t size = line.Integer("a number of bytes", 0, kMostBytes);
    line.ExpectEnd();
    const auto rest = static_cast<int64_t>(bytes_.size() - at_);
    if (size >= rest) {
      line.Fail(std::to_string(size) + " bytes and a line feed must follow, and there are " + std::to_string(rest));
    }
    const auto found = bytes_.subspan(at_, static_cast<size_t>(size));
    at_ += static_cast<size_t>(size);
    if (bytes_[at_] != std::byte{'\n'}) line.Fail("no line feed follows the " + std::to_string(size) + " bytes");
    ++at_;
    return found;
  }

 private:
  std::span<const std::byte> bytes_;
  std::string_view what_;
  size_t at_ = 0;
  size_t number_ = 0;
};

bool IsDrawn(DType dtype) {
  return dtype == DType::kFloat32 || dtype == DType::kFloat64 || dtype == DType::kUInt8 || dtype == DType::kInt32;
}

Data ReadData(Scanner& line, Lines& lines, const TensorType& type) {
  Data data;
  if (line.Take("drawn ")) {
    data.kind = Data::Kind::kDrawn;
    data.stream = line.Integer("a stream", 0, std::numeric_limits<uint32_t>::max());
    line.Expect(" ");
    data.scale = line.Number();
    line.Expect(" ");
    data.offset = line.Number();
    if (line.Take(" again ")) data.period = line.Integer("a number of elements", 1, limits::kElements);
    line.ExpectEnd();
    if (!IsDrawn(type.dtype)) line.Fail("values of " + std::string(Name(type.dtype)) + " cannot be drawn");
    return data;
  }
  const size_t whole = ByteSize(type);
  if (line.Take("repeated ")) {
    data.kind = Data::Kind::kRepeated;
    data.bytes = lines.Bytes(line);
    const size_t part = data.bytes.size();
    if (part == 0 || whole % part != 0) {
      line.Fail(ToString(type) + " has " + std::to_string(whole) + " bytes, which are no multiple of " +
                std::to_string(part));
    }
    return data;
  }
  line.Expect("values ");
  data.bytes = lines.Bytes(line);
  if (data.bytes.size() != whole) {
    line.Fail(ToString(type) + " has " + std::to_string(whole) + " bytes, received " +
              std::to_string(data.bytes.size()));
  }
  return data;
}

std::string ReadName(Scanner& line) {
  std::string name = line.String("a quoted name");
  line.Expect(" ");
  return name;
}

Tensor ReadTensor(Scanner& line, Lines& lines) {
  Tensor tensor;
  tensor.name = ReadName(line);
  tensor.type = ReadTensorType(line);
  line.Expect(" ");
  tensor.data = ReadData(line, lines, tensor.type);
  return tensor;
}

double ReadLimit(Scanner& line, std::string_view what) {
  const double limit = line.Number();
  if (!(limit >= 0)) line.Fail(std::string(what) + " is not below 0");
  return limit;
}

Expectation ReadExpectation(Scanner& line, Lines& lines) {
  Expectation expectation;
  expectation.tensor.name = ReadName(line);
  expectation.tensor.type = ReadTensorType(line);
  line.Expect(" ");
  if (line.Take("statistics ")) {
    expectation.measure = {Measure::Kind::kStatistics, ReadLimit(line, "the limit"), 0};
    line.Expect(" values ");
    expectation.tensor.data.bytes = lines.Bytes(line);
    const size_t bytes = expectation.tensor.data.bytes.size();
    if (bytes % sizeof(double) != 0 || bytes < 4 * sizeof(double)) {
      line.Fail("statistics are four numbers of float64 or more");
    }
    return expectation;
  }
  const bool rms = line.Take("rms ");
  if (!rms) line.Expect("close ");
  expectation.measure.kind = rms ? Measure::Kind::kRms : Measure::Kind::kClose;
  expectation.measure.limit = ReadLimit(line, "the limit");
  line.Expect(" ");
  expectation.measure.addend = ReadLimit(line, "what is added");
  line.Expect(" ");
  if (line.Take("of_reference")) {
    line.ExpectEnd();
    expectation.tensor.data.kind = Data::Kind::kReference;
  } else {
    expectation.tensor.data = ReadData(line, lines, expectation.tensor.type);
  }
  return expectation;
}

Run& RunOf(Case& item, const Scanner& line) {
  if (item.runs.empty()) line.Fail("expected a line `run` before it");
  return item.runs.back();
}

void ReadLine(Scanner& line, Lines& lines, Case& item) {
  if (line.Take("plan ")) {
    if (!item.plan.empty()) line.Fail("a second plan");
    const auto bytes = lines.Bytes(line);
    item.plan = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  } else if (line.Take("slow_on_reference")) {
    item.slow_on_reference = true;
    line.ExpectEnd();
  } else if (line.Take("variable ")) {
    item.variables.push_back(ReadTensor(line, lines));
  } else if (line.Take("differs ")) {
    std::string backend = ReadName(line);
    item.differs.emplace_back(std::move(backend), line.String("a quoted reason"));
    line.ExpectEnd();
  } else if (line.Take("run")) {
    item.runs.emplace_back();
    line.ExpectEnd();
  } else if (line.Take("feed ")) {
    Run& run = RunOf(item, line);
    run.feeds.push_back(ReadTensor(line, lines));
  } else if (line.Take("expect ")) {
    Run& run = RunOf(item, line);
    run.outputs.push_back(ReadExpectation(line, lines));
  } else if (line.Take("expect_variable ")) {
    Run& run = RunOf(item, line);
    run.variables.push_back(ReadExpectation(line, lines));
  } else if (line.Take("fails ")) {
    RunOf(item, line).fails = line.String("a quoted part of a message");
    line.ExpectEnd();
  } else {
    line.FailExpected("plan, variable, slow_on_reference, differs, run, feed, expect, expect_variable or fails");
  }
}

void ReadBody(std::span<const std::byte> bytes, Case& item) {
  Lines lines(bytes, "Case");
  while (!lines.AtEnd()) {
    Scanner line = lines.Next();
    ReadLine(line, lines, item);
  }
  if (item.plan.empty()) throw Error(ErrorCode::kPlan, "it has no plan");
  if (item.runs.empty()) throw Error(ErrorCode::kPlan, "it has no run");
}

void ReadHeader(Lines& lines) {
  Scanner line = lines.Next();
  line.Expect("slimnet.bundle ");
  const int64_t version = line.Integer("a version", 0, limits::kSafeInteger);
  if (version != kVersion) {
    line.Fail("the bundle has version " + std::to_string(version) + ", this build reads version " +
              std::to_string(kVersion));
  }
  line.ExpectEnd();
}

// Reads `case BYTES CHECKSUM "name"` and the bytes that follow; false at the `end` line.
bool ReadCase(Lines& lines, std::vector<Case>& cases, std::set<std::string>& names) {
  Scanner line = lines.Next();
  if (line.Take("end ")) {
    const int64_t count = line.Integer("a number of cases", 0, kMostCases);
    line.ExpectEnd();
    if (static_cast<size_t>(count) != cases.size()) {
      line.Fail("the bundle should have " + std::to_string(count) + " cases and has " + std::to_string(cases.size()));
    }
    return false;
  }
  line.Expect("case ");
  Case item;
  item.name = ReadName(line);
  const int64_t checksum = line.Integer("a checksum", 0, std::numeric_limits<uint32_t>::max());
  line.Expect(" ");
  const auto bytes = lines.Bytes(line);
  if (!names.insert(item.name).second) line.Fail("a second case of the name " + Quote(item.name));
  try {
    if (Crc32c(bytes) != static_cast<uint32_t>(checksum)) {
      throw Error(ErrorCode::kPlan, "its bytes are damaged: the checksum is another");
    }
    ReadBody(bytes, item);
  } catch (const Error& error) {
    throw Error(ErrorCode::kPlan, "case " + Quote(item.name) + ": " + error.what());
  }
  cases.push_back(std::move(item));
  return true;
}

}  // namespace

Bundle Bundle::Parse(std::vector<std::byte> bytes, std::string origin) {
  Bundle bundle;
  bundle.bytes_ = std::move(bytes);  // the cases point into it
  try {
    Lines lines(bundle.bytes_, "Bundle");
    ReadHeader(lines);
    std::set<std::string> names;
    while (ReadCase(lines, bundle.cases_, names)) {
      if (lines.AtEnd()) throw Error(ErrorCode::kPlan, "The bundle is cut off: the line `end` is missing.");
    }
    if (!lines.AtEnd()) throw Error(ErrorCode::kPlan, "Something follows the line `end`.");
  } catch (const Error& error) {
    throw Error(ErrorCode::kArgument, origin + ": " + error.what());
  }
  return bundle;
}

Bundle Bundle::Read(const std::string& path) {
  const auto system = [&](const std::string& what) {
    return Error(ErrorCode::kArgument, what + " " + path + ": " + std::generic_category().message(errno) + ".");
  };
  errno = 0;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) throw system("Could not open");
  const auto size = static_cast<int64_t>(file.tellg());
  if (size < 0) throw system("Could not read");
  if (size > kMostBytes) throw Error(ErrorCode::kArgument, path + " is larger than a bundle can be.");
  try {
    std::vector<std::byte> bytes(static_cast<size_t>(size));
    file.seekg(0);
    if (!file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size))) {
      throw system("Could not read");
    }
    return Parse(std::move(bytes), path);
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::kMemory, "Could not allocate " + std::to_string(size) + " bytes for " + path + ".");
  }
}

}  // namespace slimnet::bundle
