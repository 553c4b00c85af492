#include "base/owned_list.h"

#include <doctest/doctest.h>

#include <vector>

using namespace ringback;

namespace {

// Tells when it goes.
class Item {
 public:
  Item(int number, std::vector<int>& gone) : number_(number), gone_(gone) {}
  Item(const Item&) = delete;
  Item& operator=(const Item&) = delete;
  ~Item() { gone_.push_back(number_); }
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
  std::vector<int>& gone_;
};
using Items = OwnedList<Item, 4>;

}  // namespace

TEST_CASE("owned list: items keep their addresses and their order, up to the last place") {
  std::vector<int> gone;
  Items items;
  CHECK(items.empty());
  CHECK(items.begin() == items.end());
  std::vector<const Item*> addresses;
  for (int number = 0; number < 4; ++number) {
    items.emplace(number, gone);
    addresses.push_back(&items[items.size() - 1]);
  }
  CHECK_FALSE(items.empty());
  CHECK(items.size() == 4);
  std::size_t at = 0;
  for (const auto& item : items) {
    CHECK(item.get() == addresses[at]);
    CHECK(&items[at] == addresses[at]);
    CHECK(item->number() == static_cast<int>(at++));
  }
  CHECK(at == 4);
  CHECK(gone.empty());
}

TEST_CASE("owned list: cleared, all items are gone, the last one first, and there is room again") {
  std::vector<int> gone;
  Items items;
  for (int number = 0; number < 4; ++number) items.emplace(number, gone);
  items.clear();
  CHECK(gone == std::vector{3, 2, 1, 0});
  CHECK(items.empty());
  CHECK(items.begin() == items.end());
  for (int number = 4; number < 8; ++number) items.emplace(number, gone);
  CHECK(items[0].number() == 4);
  CHECK(gone.size() == 4);
}

TEST_CASE("owned list: its items go with it") {
  std::vector<int> gone;
  {
    Items items;
    for (int number = 0; number < 3; ++number) items.emplace(number, gone);
  }
  CHECK(gone.size() == 3);
}
