# Runs a command, and adds a line to a file that tells what it took: its name, and the microseconds of
# processor time that it had for itself and in the kernel, and that went by: usage.pl FILE COMMAND...
use strict;
use warnings;
use POSIX ();

my %numbers = (x86_64 => [98, 228], aarch64 => [165, 113]);
my ($getrusage, $clock_gettime) = @{ $numbers{ (POSIX::uname())[4] } or die "no such architecture is known\n" };
my ($CHILDREN, $MONOTONIC) = (-1, 1);
my ($usage, $begin, $end) = ("\0" x 144, "\0" x 16, "\0" x 16);

my ($file, @command) = @ARGV;
syscall $clock_gettime, $MONOTONIC, $begin;
my $status = system { $command[0] } @command;
syscall $clock_gettime, $MONOTONIC, $end;
syscall $getrusage, $CHILDREN, $usage;
my ($own_seconds, $own, $kernel_seconds, $kernel) = unpack 'q4', $usage;
my ($seconds, $nanoseconds, $until_seconds, $until_nanoseconds) = unpack 'q4', $begin . $end;
open my $out, '>>', $file or die "$file: $!\n";
printf $out "%s %d %d %d\n", $command[0], $own_seconds * 1e6 + $own, $kernel_seconds * 1e6 + $kernel,
  ($until_seconds - $seconds) * 1e6 + ($until_nanoseconds - $nanoseconds) / 1e3;
close $out;
exit($status == 0 ? 0 : $status >> 8 || 1);
