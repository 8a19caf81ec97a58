#include "core/cluster/json_io.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>

#include "core/base/text.hpp"

namespace tandem::cluster {

std::string to_string(const PathStep& step) {
  std::string text = step.parent == nullptr ? std::string() : to_string(*step.parent);
  if (step.key.empty()) {
    if (step.parent != nullptr) text += fmt::format("[{}]", step.index);
    return text;
  }
  if (step.key.find_first_of(".[]\"") != std::string_view::npos) return text + fmt::format("[\"{}\"]", step.key);
  if (!text.empty()) text += '.';
  return text += step.key;
}

std::string describe(const Json& value) {
  switch (value.type()) {
    case Json::value_t::object: return "a mapping";
    case Json::value_t::array: return "a list";
    case Json::value_t::null: return "null";
    case Json::value_t::string: return fmt::format("text \"{}\"", escape_for_terminal(value.get_ref<const std::string&>(), 60));
    case Json::value_t::boolean: return value.get<bool>() ? "true" : "false";
    default: return value.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
}

void add_type_error(Errors& errors, const PathStep& step, const Json& found, std::string_view allowed, std::string_view hint) {
  const std::string path = to_string(step);
  Error error = make_error(ErrorCode::ValueType,
                           fmt::format("{} must be {}", path.empty() ? std::string("the document") : path, allowed));
  error.path = path;
  error.found = describe(found);
  error.allowed = allowed;
  error.hint = hint;
  errors.push_back(std::move(error));
}

namespace {

void add_value_error(Errors& errors, const PathStep& step, const Json& found, Error error) {
  error.path = to_string(step);
  error.what = fmt::format("{}: {}", error.path, error.what);
  error.found = describe(found);
  errors.push_back(std::move(error));
}

template <class Integer>
void read_integer(const Json& value, const PathStep& step, Errors& errors, Integer& out) {
  if (!value.is_number_integer()) {
    add_type_error(errors, step, value, "a whole number", value.is_string() ? "write it without quotes" : "");
    return;
  }
  const bool too_big = value.is_number_unsigned() &&
                       value.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<Integer>::max());
  if (too_big || value.get<std::int64_t>() < std::numeric_limits<Integer>::min()) {
    Error error = make_error(ErrorCode::ValueOutOfRange, "this number does not fit the field");
    error.allowed = fmt::format("{} to {}", std::numeric_limits<Integer>::min(), std::numeric_limits<Integer>::max());
    add_value_error(errors, step, value, std::move(error));
    return;
  }
  out = static_cast<Integer>(value.get<std::int64_t>());
}

}  // namespace

void read_value(const Json& value, const PathStep& step, Errors& errors, std::string& out) {
  if (value.is_string()) {
    out = value.get_ref<const std::string&>();
    return;
  }
  const bool unquoted = value.is_boolean() || value.is_number();
  add_type_error(errors, step, value, "text", unquoted ? "put it in quotes: unquoted it is a number or a boolean" : "");
}

void read_value(const Json& value, const PathStep& step, Errors& errors, bool& out) {
  if (value.is_boolean()) {
    out = value.get<bool>();
    return;
  }
  add_type_error(errors, step, value, "true or false", value.is_string() ? "write it without quotes" : "");
}

void read_value(const Json& value, const PathStep& step, Errors& errors, std::int32_t& out) {
  read_integer(value, step, errors, out);
}
void read_value(const Json& value, const PathStep& step, Errors& errors, std::int64_t& out) {
  read_integer(value, step, errors, out);
}

void read_value(const Json& value, const PathStep& step, Errors& errors, SimTime& out) {
  if (!value.is_string()) {
    add_type_error(errors, step, value, "a time such as 2026-01-01T00:00:21Z");
    return;
  }
  const Result<SimTime> time = parse_time(value.get_ref<const std::string&>());
  if (time) {
    out = *time;
  } else {
    add_value_error(errors, step, value, time.error());
  }
}

void read_value(const Json& value, const PathStep& step, Errors& errors, Quantity& out) {
  std::string text;
  if (value.is_string()) {
    text = value.get_ref<const std::string&>();
  } else if (value.is_number_float()) {
    text = format_double(value.get<double>());
  } else if (value.is_number()) {
    text = value.dump();
  } else {
    add_type_error(errors, step, value, "a quantity such as 500m or 128Mi");
    return;
  }
  const Result<Quantity> quantity = Quantity::parse(text);
  if (quantity) {
    out = *quantity;
  } else {
    add_value_error(errors, step, value, quantity.error());
  }
}

void read_value(const Json& value, const PathStep& step, Errors& errors, IntOrString& out) {
  if (value.is_string()) {
    out.value = value.get_ref<const std::string&>();
  } else if (value.is_number_integer()) {
    std::int32_t number = 0;
    read_integer(value, step, errors, number);
    out.value = number;
  } else {
    add_type_error(errors, step, value, "a whole number or text such as 25%");
  }
}

std::size_t read_enum(const Json& value, const PathStep& step, Errors& errors, std::span<const std::string_view> names) {
  if (!value.is_string()) {
    add_type_error(errors, step, value, "text");
    return 0;
  }
  const auto& text = value.get_ref<const std::string&>();
  const auto found = std::find(names.begin(), names.end(), text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  Error error = make_error(ErrorCode::ValueNotAllowed, "this value is not known");
  for (const std::string_view name : names) {
    if (!name.empty()) error.allowed += (error.allowed.empty() ? "" : ", ") + std::string(name);
  }
  if (const std::string nearest = nearest_name(text, names); !nearest.empty()) {
    error.hint = fmt::format("did you mean {}?", nearest);
  }
  add_value_error(errors, step, value, std::move(error));
  return 0;
}

JsonReader::JsonReader(const Json& object, const PathStep& step, Errors& errors)
    : object_(object.is_object() ? &object : nullptr), step_(step), errors_(errors) {
  if (object_ == nullptr) add_type_error(errors, step, object, "a mapping");
}

const Json* JsonReader::take(std::string_view key) {
  if (object_ == nullptr) return nullptr;
  const auto& members = object_->get_ref<const Json::object_t&>();
  const auto found = members.find(key);
  if (found == members.end()) return nullptr;
  taken_.push_back(found->first);
  return found->second.is_null() ? nullptr : &found->second;
}

void JsonReader::keep(std::string_view key, Json value) {
  if (value.is_null()) return;
  kept_[std::string(key)] = std::move(value);
}

Json JsonReader::leftover() {
  if (object_ == nullptr || drained_) return {};
  drained_ = true;
  Json left = std::move(kept_);
  if (taken_.size() == object_->size()) return left;
  for (auto item = object_->begin(); item != object_->end(); ++item) {
    if (std::find(taken_.begin(), taken_.end(), item.key()) == taken_.end()) left[item.key()] = item.value();
  }
  return left;
}

void JsonReader::rest(JsonRest& out) {
  Json left = leftover();
  out.fields = left.is_null() || left.empty() ? nullptr : std::make_shared<const Json>(std::move(left));
}

namespace {

void merge(Json::object_t& target, const Json::object_t& extra) {
  for (const auto& [key, value] : extra) {
    const auto [position, added] = target.try_emplace(key, value);
    if (!added && position->second.is_object() && value.is_object()) {
      merge(position->second.get_ref<Json::object_t&>(), value.get_ref<const Json::object_t&>());
    }
  }
}

}  // namespace

void merge_rest(Json::object_t& target, const JsonRest& rest) {
  if (rest.fields && rest.fields->is_object()) merge(target, rest.fields->get_ref<const Json::object_t&>());
}

Json* JsonWriter::written(std::string_view key) {
  const auto found = object_.find(key);
  return found == object_.end() ? nullptr : &found->second;
}

void JsonWriter::erase(std::string_view key) {
  if (const auto found = object_.find(key); found != object_.end()) object_.erase(found);
}

}  // namespace tandem::cluster
