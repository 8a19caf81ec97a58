// tandem schema: the JSON Schema that editors use, from the field table that the loader uses.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "core/base/text.hpp"
#include "core/scenario/schema.hpp"

namespace tandem::cli {

Command schema_command() {
  return {"schema", "Print the JSON Schema of a file kind.",
          "  tandem schema                         schema of scenario files\n"
          "  tandem schema calibration             schema of calibration files\n",
          [](OptionTable& table, CommonOptions& common) {
            auto kind = std::make_shared<std::string>("scenario");
            table.add_option("kind", *kind, "scenario or calibration")->one_of(scenario::schema_kinds());
            return [kind, &common] {
              const auto& kinds = scenario::schema_kinds();
              if (std::find(kinds.begin(), kinds.end(), *kind) == kinds.end()) {
                return report(make_error(ErrorCode::UsageBadArgument, "there is no schema of that name")
                                  .with_found(*kind)
                                  .with_allowed(fmt::format("{}", fmt::join(kinds, ", "))),
                              common);
              }
              const std::string text = scenario::schema_text(*kind);
              if (common.json) fmt::print("{}\n", nlohmann::ordered_json{{"version", 1}, {"kind", *kind}, {"schema", nlohmann::ordered_json::parse(text)}}.dump(2));
              else fmt::print("{}", text);
              return kExitOk;
            };
          }};
}

}  // namespace tandem::cli
