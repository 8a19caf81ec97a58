#include <array>

#include "core/kubectl/cells.hpp"
#include "core/kubectl/json_reading.hpp"
#include "core/kubectl/table.hpp"

namespace tandem::kubectl {

namespace {

struct KindRow {
  std::string_view kind;
  std::string_view plural;            ///< with group, as messages write it
  std::string_view singular;          ///< with group
  std::array<std::string_view, 3> words;  ///< further accepted words
  Cells (*columns)(bool wide);
  Cells (*cells)(const json& object, const GetOptions& options);
};

constexpr std::array<KindRow, 7> kKinds = {{
    {"Pod", "pods", "pod", {"po"}, pod_columns, pod_cells},
    {"Deployment", "deployments.apps", "deployment.apps", {"deployments", "deployment", "deploy"}, deployment_columns, deployment_cells},
    {"ReplicaSet", "replicasets.apps", "replicaset.apps", {"replicasets", "replicaset", "rs"}, replica_set_columns, replica_set_cells},
    {"Node", "nodes", "node", {"no"}, node_columns, node_cells},
    {"Service", "services", "service", {"svc"}, service_columns, service_cells},
    {"EndpointSlice", "endpointslices.discovery.k8s.io", "endpointslice.discovery.k8s.io", {"endpointslices", "endpointslice"}, endpoint_slice_columns, endpoint_slice_cells},
    {"Event", "events", "event", {"ev"}, event_columns, event_cells},
}};

const KindRow* row_of(std::string_view kind) {
  for (const KindRow& row : kKinds) {
    if (row.kind == kind) return &row;
  }
  return nullptr;
}

Cells plain_columns(bool /*wide*/) { return {"NAME", "AGE"}; }
Cells plain_cells(const json& object, const GetOptions& options) { return {text_at(object, "/metadata/name"), age_cell(object, options)}; }

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
  return labels.is_object() && labels.contains(key) ? labels.at(key).get<std::string>() : std::string();
}

}  // namespace

std::string kind_of_resource(const std::string& resource) {
  for (const KindRow& row : kKinds) {
    if (resource == row.plural || resource == row.singular) return std::string(row.kind);
    for (const std::string_view word : row.words) {
      if (!word.empty() && resource == word) return std::string(row.kind);
    }
  }
  return {};
}

std::string resource_of_kind(const std::string& kind, bool singular) {
  const KindRow* row = row_of(kind);
  return row == nullptr ? kind : std::string(singular ? row->singular : row->plural);
}

bool is_cluster_scoped_kind(const std::string& kind) { return kind == "Node"; }

std::vector<std::string> resource_words() {
  std::vector<std::string> words;
  for (const KindRow& row : kKinds) {
    words.emplace_back(row.plural.substr(0, row.plural.find('.')));
    for (const std::string_view word : row.words) {
      if (!word.empty()) words.emplace_back(word);
    }
  }
  return words;
}

Table get_table(const std::vector<json>& objects, const GetOptions& options) {
  const KindRow* row = objects.empty() ? nullptr : row_of(text_at(objects.front(), "/kind"));
  const auto columns_of = row == nullptr ? plain_columns : row->columns;
  const auto cells_of = row == nullptr ? plain_cells : row->cells;
  Table table;
  table.columns = columns_of(options.wide);
  const bool with_namespace = options.all_namespaces && row != nullptr && !is_cluster_scoped_kind(std::string(row->kind));
  if (with_namespace) table.columns.insert(table.columns.begin(), "NAMESPACE");
  for (const std::string& label : options.label_columns) table.columns.push_back(upper_last_part(label));
  if (options.show_labels) table.columns.push_back("LABELS");
  for (const json& object : objects) {
    Cells cells = cells_of(object, options);
    const bool name_first = row == nullptr || row->kind != "Event";
    if (options.with_kind && name_first) cells.front() = resource_of_kind(text_at(object, "/kind"), true) + "/" + cells.front();
    if (with_namespace) cells.insert(cells.begin(), text_at(object, "/metadata/namespace"));
    for (const std::string& label : options.label_columns) cells.push_back(label_value(object, label));
    if (options.show_labels) cells.push_back(labels_text(at(object, "/metadata/labels")));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

}  // namespace tandem::kubectl
