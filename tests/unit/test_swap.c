#include "fieldkit/swap.h"
#include "tests/unit/scratch.h"

#include <sys/sysmacros.h>

static void
put(const char *name, const char *text)
{
	char *path = at(name);

	write_text(path, "%s", text);
	free(path);
}

/* A machine's /proc, /sys and /dev below scratch, anew for each test. */
static void
machine(void)
{
	char out[256];

	assert_int_equal(run(out, "rm -rf proc sys dev file && mkdir -p proc "
	    "sys/power sys/class/block sys/dev/block dev/mapper"), 0);
	put("proc/swaps", "Filename Type Size Used Priority\n");
}

static void
swap_on(const char *name, const char *type)
{
	char out[256];

	assert_int_equal(run(out, "echo '%s %s 1000 0 -2' >>proc/swaps", name,
	    type), 0);
}

/* A device mapper's device on these others. */
static void
mapped(const char *name, const char *uuid, const char *on)
{
	char out[256];

	assert_int_equal(run(out, "mkdir -p sys/class/block/%s/dm "
	    "sys/class/block/%s/slaves && echo '%s' >sys/class/block/%s/dm/uuid"
	    " && for p in %s; do ln -s ../../$p sys/class/block/%s/slaves/$p; "
	    "done && touch dev/%s", name, name, uuid, name, on, name, name), 0);
}

static void
disk(const char *name)
{
	char out[256];

	assert_int_equal(run(out, "mkdir -p sys/class/block/%s && touch dev/%s",
	    name, name), 0);
}

static void
numbered(unsigned a, unsigned b, const char *name)
{
	char out[256];

	assert_int_equal(run(out, "ln -s ../../class/block/%s sys/dev/block/"
	    "%u:%u", name, a, b), 0);
}

TEST(without_swap_nothing_is_written)
{
	machine();
	assert_ok(swap_check(scratch));
}

TEST(a_plain_partition_is_refused_by_its_name)
{
	fault f;

	machine();
	disk("sda2");
	swap_on("/dev/sda2", "partition");
	f = swap_check(scratch);
	assert_fault(FAULT_LOCKED, f);
	assert_non_null(strstr(f->text, "/dev/sda2"));
}

TEST(an_encrypted_device_is_fine)
{
	char out[256];

	machine();
	disk("sda2");
	mapped("dm-0", "CRYPT-PLAIN-cryptswap", "sda2");
	swap_on("/dev/dm-0", "partition");
	assert_ok(swap_check(scratch));
	assert_int_equal(run(out, "ln -s ../dm-0 dev/mapper/cryptswap"), 0);
	swap_on("/dev/mapper/cryptswap", "partition");
	assert_ok(swap_check(scratch));
}

/* As Debian's installer makes it. */
TEST(a_logical_volume_is_what_it_lies_on)
{
	machine();
	disk("sda3");
	disk("sdb1");
	mapped("dm-0", "CRYPT-LUKS2-abc-sda3_crypt", "sda3");
	mapped("dm-1", "LVM-abc", "dm-0");
	swap_on("/dev/dm-1", "partition");
	assert_ok(swap_check(scratch));
	mapped("dm-2", "LVM-def", "dm-0 sdb1");
	swap_on("/dev/dm-2", "partition");
	assert_fault(FAULT_LOCKED, swap_check(scratch));
}

TEST(a_name_that_only_looks_encrypted_is_not)
{
	machine();
	mapped("dm-0", "LVM-CRYPT-abc", "");
	swap_on("/dev/dm-0", "partition");
	assert_fault(FAULT_LOCKED, swap_check(scratch));
}

TEST(compressed_memory_is_fine_unless_a_disk_is_behind_it)
{
	machine();
	disk("zram0");
	swap_on("/dev/zram0", "partition");
	assert_ok(swap_check(scratch));
	put("sys/class/block/zram0/backing_dev", "none\n");
	assert_ok(swap_check(scratch));
	put("sys/class/block/zram0/backing_dev", "/dev/sda2\n");
	assert_fault(FAULT_LOCKED, swap_check(scratch));
}

TEST(a_swap_file_is_what_its_file_system_lies_on)
{
	struct stat st;

	machine();
	put("file", "swap");
	assert_int_equal(stat(scratch, &st), 0);
	swap_on("/file", "file");
	assert_fault(FAULT_LOCKED, swap_check(scratch));
	disk("sda3");
	mapped("dm-0", "CRYPT-LUKS2-abc", "sda3");
	numbered(major(st.st_dev), minor(st.st_dev), "dm-0");
	assert_ok(swap_check(scratch));
	swap_on("/gone", "file");
	assert_fault(FAULT_LOCKED, swap_check(scratch));
}

TEST(the_second_of_two_is_looked_at_too)
{
	machine();
	disk("zram0");
	disk("sda2");
	swap_on("/dev/zram0", "partition");
	swap_on("/dev/sda2", "partition");
	assert_fault(FAULT_LOCKED, swap_check(scratch));
}

TEST(a_machine_that_hibernates_to_a_plain_disk_is_refused)
{
	fault f;

	machine();
	disk("sda2");
	numbered(8, 2, "sda2");
	put("sys/power/resume", "0:0\n");
	assert_ok(swap_check(scratch));
	put("sys/power/resume", "8:2\n");
	f = swap_check(scratch);
	assert_fault(FAULT_LOCKED, f);
	assert_non_null(strstr(f->text, "hibernates"));
	disk("sda3");
	mapped("dm-0", "CRYPT-LUKS2-abc", "sda3");
	numbered(254, 0, "dm-0");
	put("sys/power/resume", "254:0\n");
	assert_ok(swap_check(scratch));
}

TEST(devices_that_lie_on_themselves_come_to_an_end)
{
	machine();
	mapped("dm-0", "LVM-a", "dm-1");
	mapped("dm-1", "LVM-b", "dm-0");
	swap_on("/dev/dm-0", "partition");
	assert_fault(FAULT_LOCKED, swap_check(scratch));
}

int
main(void)
{
	int rc;

	if (!scratch_make())
		return 1;
	rc = RUN(T(without_swap_nothing_is_written),
	    T(a_plain_partition_is_refused_by_its_name),
	    T(an_encrypted_device_is_fine),
	    T(a_logical_volume_is_what_it_lies_on),
	    T(a_name_that_only_looks_encrypted_is_not),
	    T(compressed_memory_is_fine_unless_a_disk_is_behind_it),
	    T(a_swap_file_is_what_its_file_system_lies_on),
	    T(the_second_of_two_is_looked_at_too),
	    T(a_machine_that_hibernates_to_a_plain_disk_is_refused),
	    T(devices_that_lie_on_themselves_come_to_an_end));
	return scratch_remove() ? rc : 1;
}
