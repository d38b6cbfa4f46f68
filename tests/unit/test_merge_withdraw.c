#include "tests/unit/story.h"

TEST(a_withdrawal_that_knew_everything_is_no_conflict)
{
	struct story s = { .n = 0 };

	value(&s, "A1", "f", "x", NULL);
	set_add(&s, "A2", "t", "e");
	value(&s, "B1", "withdrawn", "1", "A1 A2");
	stands(&s, "f=x@A1 t{e@A2} withdrawn=1@B1 W");
	value(&s, "B2", "withdrawn", "", "A1 A2 B1");
	stands(&s, "f=x@A1 t{e@A2} withdrawn=@B2");
	over(&s);
}

TEST(an_edit_that_a_withdrawal_did_not_see_is_a_conflict)
{
	struct story s = { .n = 0 };

	value(&s, "A1", "f", "x", NULL);
	value(&s, "B1", "withdrawn", "1", "A1");
	value(&s, "A2", "f", "y", "A1");
	stands(&s, "f=y@A2 withdrawn=1@B1! W!");
	value(&s, "C1", "withdrawn", "1", "A2 B1");
	stands(&s, "f=y@A2 withdrawn=1@C1 W");
	over(&s);
}

TEST(an_element_that_a_withdrawal_did_not_see_is_a_conflict)
{
	struct story s = { .n = 0 };

	value(&s, "A1", "f", "x", NULL);
	value(&s, "B1", "withdrawn", "1", "A1");
	set_remove(&s, "A2", "t", "e", "A1");
	stands(&s, "f=x@A1 t{} withdrawn=1@B1 W");
	set_add(&s, "A3", "t", "e");
	stands(&s, "f=x@A1 t{e@A3} withdrawn=1@B1! W!");
	value(&s, "B2", "withdrawn", "", "A1 A3 B1");
	stands(&s, "f=x@A1 t{e@A3} withdrawn=@B2");
	over(&s);
}

TEST(withdrawals_know_together_what_each_knew)
{
	struct story s = { .n = 0 };

	value(&s, "A1", "f", "x", NULL);
	value(&s, "A2", "g", "x", NULL);
	value(&s, "B1", "withdrawn", "1", "A1");
	stands(&s, "f=x@A1 g=x@A2 withdrawn=1@B1! W!");
	value(&s, "C1", "withdrawn", "1", "A2");
	stands(&s, "f=x@A1 g=x@A2 withdrawn=1@B1,1@C1 W");
	/* One that is no more, or was an undo, knows nothing. */
	value(&s, "D1", "withdrawn", "1", "C1");
	stands(&s, "f=x@A1 g=x@A2 withdrawn=1@B1,1@D1! W!");
	value(&s, "E1", "withdrawn", "", "A2");
	stands(&s, "f=x@A1 g=x@A2 withdrawn=1@B1,1@D1,@E1! W!");
	over(&s);
}

TEST(a_withdrawal_may_set_a_field_itself)
{
	struct story s = { .n = 0 };

	value(&s, "A1", "f", "x", NULL);
	value(&s, "B1", "f", "y", "A1");
	value(&s, "B1", "withdrawn", "1", "A1");
	stands(&s, "f=y@B1 withdrawn=1@B1 W");
	over(&s);
}

TEST(a_withdrawal_against_its_undoing_is_a_conflict)
{
	struct story s = { .n = 0 };

	value(&s, "A1", "withdrawn", "1", NULL);
	value(&s, "B1", "withdrawn", "", "A1");
	value(&s, "C1", "withdrawn", "1", "A1");
	stands(&s, "withdrawn=@B1,1@C1! W");
	value(&s, "D1", "withdrawn", "", "B1 C1");
	stands(&s, "withdrawn=@D1");
	over(&s);
}

TEST(a_set_called_withdrawn_withdraws_nothing)
{
	struct story s = { .n = 0 };

	set_add(&s, "A1", "withdrawn", "1");
	stands(&s, "withdrawn{1@A1}");
	value(&s, "B1", "withdrawn", "1", NULL);
	stands(&s, "withdrawn=1@B1! withdrawn{1@A1} W!");
	value(&s, "B2", "withdrawn", "yes", "B1");
	stands(&s, "withdrawn=yes@B2 withdrawn{1@A1}");
	over(&s);
}

int
main(void)
{
	return RUN(
	    T(a_withdrawal_that_knew_everything_is_no_conflict),
	    T(an_edit_that_a_withdrawal_did_not_see_is_a_conflict),
	    T(an_element_that_a_withdrawal_did_not_see_is_a_conflict),
	    T(withdrawals_know_together_what_each_knew),
	    T(a_withdrawal_may_set_a_field_itself),
	    T(a_withdrawal_against_its_undoing_is_a_conflict),
	    T(a_set_called_withdrawn_withdraws_nothing));
}
