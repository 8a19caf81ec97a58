#include "core/kubectl/documents.hpp"

#include <yaml.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "core/base/check.hpp"
#include "core/base/text.hpp"
#include "core/kubectl/yaml_scalar.hpp"

namespace tandem::kubectl {

namespace {

using nlohmann::json;

/// libyaml's emitter with its output; the library that go-yaml is a translation of, so that lines fold in the same places.
class Emitter {
 public:
  Emitter() {
    CHECK(yaml_emitter_initialize(&emitter_) == 1, "no memory for a YAML emitter");
    yaml_emitter_set_output(&emitter_, &Emitter::append, &text_);
    yaml_emitter_set_unicode(&emitter_, 1);
  }
  Emitter(const Emitter&) = delete;
  Emitter& operator=(const Emitter&) = delete;
  ~Emitter() { yaml_emitter_delete(&emitter_); }

  std::string document(const json& value) {
    yaml_event_t event;
    yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
    emit(event);
    yaml_document_start_event_initialize(&event, nullptr, nullptr, nullptr, 1);
    emit(event);
    add(value);
    yaml_document_end_event_initialize(&event, 1);
    emit(event);
    yaml_emitter_flush(&emitter_);
    return std::move(text_);
  }

 private:
  static int append(void* text, unsigned char* bytes, size_t size) {
    static_cast<std::string*>(text)->append(reinterpret_cast<const char*>(bytes), size);
    return 1;
  }

  void emit(yaml_event_t& event) { CHECK(yaml_emitter_emit(&emitter_, &event) == 1, emitter_.problem == nullptr ? "YAML" : emitter_.problem); }

  void scalar(const std::string& text, yaml_scalar_style_t style) {
    yaml_event_t event;
    const auto* bytes = reinterpret_cast<const yaml_char_t*>(text.data());
    CHECK(yaml_scalar_event_initialize(&event, nullptr, nullptr, bytes, static_cast<int>(text.size()), 1, 1, style) == 1, "a text that is not UTF-8");
    emit(event);
  }

  void text(const std::string& text) {
    if (text.find('\n') != std::string::npos) scalar(text, YAML_LITERAL_SCALAR_STYLE);
    else scalar(text, reads_back_as_text(text) ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE);
  }

  void add(const json& value) {
    yaml_event_t event;
    if (value.is_object()) {
      // By insertion: the order of go-yaml is not one that std::sort may be given.
      std::vector<std::string> keys;
      for (const auto& [key, inner] : value.items()) {
        auto place = keys.end();
        while (place != keys.begin() && yaml_key_less(key, *std::prev(place))) --place;
        keys.insert(place, key);
      }
      yaml_mapping_start_event_initialize(&event, nullptr, nullptr, 1, YAML_BLOCK_MAPPING_STYLE);
      emit(event);
      for (const std::string& key : keys) {
        text(key);
        add(value.at(key));
      }
      yaml_mapping_end_event_initialize(&event);
      emit(event);
    } else if (value.is_array()) {
      yaml_sequence_start_event_initialize(&event, nullptr, nullptr, 1, YAML_BLOCK_SEQUENCE_STYLE);
      emit(event);
      for (const json& inner : value) add(inner);
      yaml_sequence_end_event_initialize(&event);
      emit(event);
    } else if (value.is_string()) {
      text(value.get_ref<const std::string&>());
    } else {
      scalar(value.dump(), YAML_PLAIN_SCALAR_STYLE);
    }
  }

  yaml_emitter_t emitter_{};
  std::string text_;
};

}  // namespace

std::string to_json_text(const json& value) {
  // Go's encoder escapes what a browser could take for markup, and the two line separators of Unicode; all only inside texts.
  std::string text;
  const std::string plain = value.dump(4);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    if (plain[i] == '<') text += "\\u003c";
    else if (plain[i] == '>') text += "\\u003e";
    else if (plain[i] == '&') text += "\\u0026";
    else if (plain.compare(i, 3, "\xE2\x80\xA8") == 0) text += "\\u2028", i += 2;
    else if (plain.compare(i, 3, "\xE2\x80\xA9") == 0) text += "\\u2029", i += 2;
    else text += plain[i];
  }
  return text + "\n";
}

std::string to_yaml_text(const json& value) { return Emitter().document(value); }

json without_managed_fields(json object) {
  const json::json_pointer metadata("/metadata");
  if (object.contains(metadata) && object.at(metadata).is_object()) object.at(metadata).erase("managedFields");
  return object;
}

}  // namespace tandem::kubectl
