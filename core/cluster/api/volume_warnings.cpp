#include <fmt/format.h>

#include <tuple>

#include "core/cluster/api/rules.hpp"
#include "core/cluster/api/warnings.hpp"

namespace tandem::cluster::api {

namespace {

/// A file that a volume places, and where it comes from.
struct PlacedFile {
  std::string path;
  std::string source;
  [[nodiscard]] std::string text() const { return source.empty() ? go_quote(path) : fmt::format("{} ({})", go_quote(path), source); }
};

using Placed = std::vector<PlacedFile>;

/// The same file, or one below the other as if that were a folder.
bool overlap(const PlacedFile& a, const PlacedFile& b) {
  if (a.path.empty() || b.path.empty()) return false;
  return a.path == b.path || b.path.starts_with(a.path + "/") || a.path.starts_with(b.path + "/");
}

Placed files_of(const View& items, const std::string& source) {
  Placed files;
  for (const View& item : items.items()) files.push_back({item["path"].text(), source});
  return files;
}

/// Adds the files one after the other; a text for each that meets an earlier one.
std::vector<std::string> place(Placed& placed, const Placed& files) {
  std::vector<std::string> found;
  for (PlacedFile file : files) {
    while (file.path.ends_with('/')) file.path.pop_back();
    for (const PlacedFile& other : placed) {
      if (overlap(other, file)) found.push_back(fmt::format("{} with {}", file.text(), other.text()));
    }
    placed.push_back(file);
  }
  return found;
}

Placed files_of_projection(const View& source) {
  if (source.at("configMap", "items").present()) return files_of(source["configMap"]["items"], fmt::format("ConfigMap {}", go_quote(source["configMap"]["name"].text())));
  if (source.at("secret", "items").present()) return files_of(source["secret"]["items"], fmt::format("Secret {}", go_quote(source["secret"]["name"].text())));
  if (source.at("downwardAPI", "items").present()) return files_of(source["downwardAPI"]["items"], "DownwardAPI");
  if (source.has("serviceAccountToken")) return {{source["serviceAccountToken"]["path"].text(), "ServiceAccountToken"}};
  return {};
}

}  // namespace

void add_volume_warnings(Warnings& warnings, const View& volumes, const FieldPath& path) {
  std::size_t i = 0;
  for (const View& volume : volumes.items()) {
    const FieldPath at = path.index(i++);
    const auto deprecated = [&](const char* field, const char* name, const char* since) {
      if (volume.has(field)) warnings.push_back(fmt::format("{}: deprecated in {}", (at / name).text(), since));
    };
    deprecated("photonPersistentDisk", "photonPersistentDisk", "v1.11, non-functional in v1.16+");
    deprecated("gitRepo", "gitRepo", "v1.11, and disabled by default in v1.33+");
    deprecated("scaleIO", "scaleIO", "v1.16, non-functional in v1.22+");
    deprecated("flocker", "flocker", "v1.22, non-functional in v1.25+");
    deprecated("storageos", "storageOS", "v1.22, non-functional in v1.25+");
    deprecated("quobyte", "quobyte", "v1.22, non-functional in v1.25+");
    deprecated("glusterfs", "glusterfs", "v1.25, non-functional in v1.26+");
    const View claim = volume.at("ephemeral", "volumeClaimTemplate", "spec", "resources");
    const FieldPath claim_path = at / "ephemeral" / "volumeClaimTemplate" / "spec" / "resources";
    add_fraction_warning(warnings, claim["requests"], "storage", claim_path / "requests");
    add_fraction_warning(warnings, claim["limits"], "storage", claim_path / "limits");
    deprecated("cephfs", "cephfs", "v1.28, non-functional in v1.31+");
    deprecated("rbd", "rbd", "v1.28, non-functional in v1.31+");
  }
}

void add_overlap_warnings(Warnings& warnings, const View& volumes) {
  for (const View& volume : volumes.items()) {
    const std::string name = volume["name"].text();
    const auto report = [&](const std::string& what, const std::vector<std::string>& overlaps) {
      for (const std::string& text : overlaps) warnings.push_back(fmt::format("volume {} ({}): overlapping paths: {}", go_quote(name), what, text));
    };
    const auto single = [&](const View& source, const std::string& what) {
      Placed placed;
      if (source["items"].present()) report(what, place(placed, files_of(source["items"], "")));
    };
    single(volume["configMap"], fmt::format("ConfigMap {}", go_quote(volume["configMap"]["name"].text())));
    single(volume["secret"], fmt::format("Secret {}", go_quote(volume["secret"]["secretName"].text())));
    single(volume["downwardAPI"], "DownwardAPI");
    Placed placed;
    for (const View& source : volume.at("projected", "sources").items()) {
      if (source.empty()) {
        warnings.push_back(fmt::format("volume {} (Projected) has no sources provided", go_quote(name)));
      } else {
        report("Projected", place(placed, files_of_projection(source)));
      }
    }
  }
}

}  // namespace tandem::cluster::api
