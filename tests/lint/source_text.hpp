#pragma once
// C++ source as the rules look at it.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tandem::lint {

/// One file of the tree, by its path from the root of the sources ("core/base/time.cpp").
struct SourceFile {
  std::string path;
  std::string text;
};

/// The text with comments, and if asked the insides of string and character literals, blanked; lines stay where they are.
std::string without_comments(std::string_view text, bool keep_strings);

/// What stands between <> or "" of every #include, with its line (from 1).
struct Include {
  std::string target;
  std::size_t line = 0;
};
std::vector<Include> includes_of(std::string_view text);

/// "core/base" of "core/base/time.cpp".
std::string folder_of(std::string_view path);

/// Line (from 1) of a place in the text.
std::size_t line_at(std::string_view text, std::size_t offset);

}  // namespace tandem::lint
