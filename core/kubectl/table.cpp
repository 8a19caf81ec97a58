#include "core/kubectl/table.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/cluster/json.hpp"
#include "core/kubectl/json_reading.hpp"
#include "core/kubectl/resources.hpp"

namespace tandem::kubectl {

namespace {

std::string upper_last_part(const std::string& label) {
  const std::size_t slash = label.rfind('/');
  std::string text = slash == std::string::npos ? label : label.substr(slash + 1);
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

std::string label_value(const json& object, const std::string& key) {
  const json& labels = at(object, "/metadata/labels");
  return labels.is_object() && labels.contains(key) ? string_of(labels.at(key)) : std::string();
}

void write_row(TabWriter& writer, const std::vector<std::string>& cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) writer.write("\t");
    const std::size_t line_end = cells[i].find_first_of("\f\n\r");
    writer.write(cells[i].substr(0, line_end));
    if (line_end != std::string::npos) writer.write("...");
  }
  writer.write("\n");
}

}  // namespace

void write_table(TabWriter& writer, const Table& table, bool with_headers) {
  if (table.rows.empty()) return;
  if (with_headers) write_row(writer, table.columns);
  for (const auto& row : table.rows) write_row(writer, row);
}

std::string to_text(const Table& table, bool with_headers) {
  TabWriter writer = TabWriter::for_tables();
  write_table(writer, table, with_headers);
  return writer.flush();
}

Table get_table(const std::vector<json>& objects, const GetOptions& options) {
  const Resource* resource = objects.empty() ? nullptr : resource_of_kind(text_at(objects.front(), "/kind"));
  Table table;
  table.columns = resource == nullptr ? plain_columns(options.wide) : resource->columns(options.wide);
  const bool with_namespace = options.all_namespaces && (resource == nullptr || resource->is_namespaced);
  // Kubernetes marks the column that holds the name; events have it in the last one, and only with -o wide.
  const auto name_column = std::find(table.columns.begin(), table.columns.end(), "NAME") - table.columns.begin();
  if (with_namespace) table.columns.insert(table.columns.begin(), "NAMESPACE");
  for (const std::string& label : options.label_columns) table.columns.push_back(upper_last_part(label));
  if (options.show_labels) table.columns.push_back("LABELS");
  for (const json& object : objects) {
    Cells cells = resource == nullptr ? plain_cells(object, options) : resource->cells(object, options);
    if (options.with_kind && resource != nullptr && name_column < static_cast<std::ptrdiff_t>(cells.size())) {
      std::string& name = cells[static_cast<std::size_t>(name_column)];
      name = resource->singular_with_group() + "/" + name;
    }
    if (with_namespace) cells.insert(cells.begin(), text_at(object, "/metadata/namespace"));
    for (const std::string& label : options.label_columns) cells.push_back(label_value(object, label));
    if (options.show_labels) cells.push_back(labels_text(at(object, "/metadata/labels")));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

std::int64_t unix_seconds_of(const nlohmann::json& time) {
  if (!time.is_string()) return 0;
  const Result<SimTime> parsed = cluster::parse_time(time.get_ref<const std::string&>());
  if (!parsed) return 0;
  // Whole seconds, cut towards the past.
  const std::int64_t ns = parsed->ns;
  const std::int64_t whole = ns >= 0 ? ns / 1'000'000'000 : -((-ns + 999'999'999) / 1'000'000'000);
  return cluster::kEpochUnixSeconds + whole;
}

}  // namespace tandem::kubectl
