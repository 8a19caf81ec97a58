#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "core/record/export.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/record/samples.hpp"

namespace tandem::record {
namespace {

using namespace testing;
using nlohmann::json;
using tandem::testing::TemporaryFolder;

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) all.push_back(line);
  return all;
}

TEST(ExportJsonl, WritesEveryEventOrderedByTime) {
  TemporaryFolder folder;
  auto writer = Writer::create(folder / "run", options());
  write_events(**writer, 60);
  ASSERT_TRUE((*writer)->finish(SimTime{1'000'000'000}, {}));
  const auto recording = Recording::open(folder / "run");
  std::string text;
  export_jsonl(*recording, [&](std::string_view piece) { text += piece; });
  const auto all = lines(text);
  ASSERT_EQ(all.size(), 60u + 73 + 2 + 1 + 1);
  std::int64_t before = -1;
  std::map<std::string, int> kinds;
  for (const std::string& line : all) {
    const json event = json::parse(line);
    EXPECT_GE(event["t_ns"].get<std::int64_t>(), before);
    before = event["t_ns"];
    ++kinds[event["event"]];
    if (event["event"] == "object" && event["type"] != "DELETED") {
      EXPECT_EQ(event["object"]["kind"], "Pod");
      EXPECT_TRUE(event["object"]["spec"].contains("containers")) << "whole objects, not patches";
    }
    if (event["event"] == "request" && event["outcome"] == "reset") {
      EXPECT_FALSE(event.contains("service_ns"));
    }
  }
  EXPECT_EQ(kinds["request"], 60);
  EXPECT_EQ(kinds["object"], 73);
  EXPECT_EQ(kinds["decision"], 2);
}

TEST(ExportCsv, HasLocustsColumns) {
  TemporaryFolder folder;
  WriterOptions given;
  given.traffic = {{"=evil, \"users\"", {}, 0}};
  auto writer = Writer::create(folder / "run", given);
  for (std::uint64_t i = 0; i < 100; ++i) {
    RequestRecord record;
    record.index = i;
    record.intended = SimTime{static_cast<std::int64_t>(i) * 100'000'000};
    record.end = record.intended + milliseconds(static_cast<std::int64_t>(i) + 1);
    record.status = i < 5 ? 500 : 200;
    (*writer)->request(record);
  }
  ASSERT_TRUE((*writer)->finish(SimTime{10'000'000'000}, {}));
  const auto recording = Recording::open(folder / "run");
  std::string text;
  export_requests_csv(*recording, [&](std::string_view piece) { text += piece; });
  const auto all = lines(text);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0],
            "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,Max Response Time,"
            "Average Content Size,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%");
  // 100 requests from 0 s to 9.9 s, the last ending 100 ms later: 10 a second. Latencies 1 … 100 ms.
  EXPECT_TRUE(all[1].starts_with("HTTP,\"'=evil, \"\"users\"\"\",100,5,")) << all[1];
  EXPECT_THAT(all[1], ::testing::HasSubstr(",50.5,1,100,0,10,0.5,"));
  EXPECT_TRUE(all[1].ends_with(",100,100,100")) << all[1];
  EXPECT_TRUE(all[2].starts_with(",Aggregated,100,5,"));
}

TEST(ExportCsv, CellsAreQuotedAndNeverFormulas) {
  EXPECT_EQ(csv_cell("plain"), "plain");
  EXPECT_EQ(csv_cell("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_cell("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(csv_cell("=1+1"), "'=1+1");
  EXPECT_EQ(csv_cell("@x"), "'@x");
  EXPECT_EQ(csv_cell(""), "");
}

}  // namespace
}  // namespace tandem::record
