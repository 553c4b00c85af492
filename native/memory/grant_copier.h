// How a back end moves bytes between domains, whatever world it runs in.
#pragma once
#include <span>

#include "abi/grant_table.h"

namespace ringback {

class GrantCopier {
 public:
  // Performs a batch in order, on behalf of the domain that the copier was made for, and writes each operation's
  // status; the batch goes on after a failure.
  //
  // Requires: nobody else writes to `operations` meanwhile.
  // Errors:   none but the statuses.
  virtual void copy(std::span<abi::gnttab_copy> operations) = 0;

 protected:
  // Never deleted through this interface.
  ~GrantCopier() = default;
};

}  // namespace ringback
