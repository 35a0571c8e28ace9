# Sends first packets of new connections, and tells how many nanoseconds each took: from the system call
# that sends it until that has returned. Between two network namespaces joined by a veth pair all that
# happens to the packet, its refusal and the way back included, happens within that call. Only what
# Debian's perl-base has is used, since every machine has that.
#
#   probe.pl 4|6 FILE
#
# FILE holds destinations: CASE ADDRESS PORT. Each line of standard input asks for one batch:
# CASE tcp|udp COUNT WAIT, where WAIT is how many milliseconds a missing answer is waited for. The answer
# is one line: how many were refused at once, refused late, accepted and left without an answer, and then
# the times.
use strict;
use warnings;
use Errno qw(ECONNREFUSED);
use POSIX ();
use Socket qw(:DEFAULT SOCK_NONBLOCK inet_pton pack_sockaddr_in6);

my ($version, $file) = @ARGV;
my $domain = $version == 6 ? AF_INET6 : AF_INET;
my %clock_gettime = (x86_64 => 228, aarch64 => 113);
my $clock = $clock_gettime{ (POSIX::uname())[4] } or die "no clock is known for this architecture\n";
my $MONOTONIC = 1;

my %destinations;
open my $list, '<', $file or die "$file: $!\n";
while (<$list>) {
  my ($case, $address, $port) = split;
  my $packed = inet_pton($domain, $address) or die "not an address: $address\n";
  push @{ $destinations{$case} },
    $domain == AF_INET6 ? pack_sockaddr_in6($port, $packed) : pack_sockaddr_in($port, $packed);
}
close $list;

my ($begin, $end) = ("\0" x 16, "\0" x 16);
$| = 1;
while (<STDIN>) {
  my ($case, $transport, $count, $wait) = split;
  my $to = $destinations{$case} or die "no such case: $case\n";
  my $send = $transport eq 'tcp' ? \&first_of_tcp : \&first_of_udp;
  my %ends = (refused => 0, late => 0, accepted => 0, silent => 0);
  my @times;
  for my $at (0 .. $count - 1) {
    $ends{ $send->($to->[ $at % @$to ], $wait) }++;
    my ($seconds, $nanoseconds, $until_seconds, $until_nanoseconds) = unpack 'q2q2', $begin . $end;
    push @times, ($until_seconds - $seconds) * 1_000_000_000 + $until_nanoseconds - $nanoseconds;
  }
  print join(' ', @ends{qw(refused late accepted silent)}, @times), "\n";
}

sub first_of_tcp {
  my ($to, $wait) = @_;
  # A socket that may block would wait a second for what REJECT sends: it holds the socket as the error
  # comes in, which is then but a hint. It is found afterwards.
  socket my $socket, $domain, SOCK_STREAM | SOCK_NONBLOCK, 0 or die "socket: $!\n";
  syscall $clock, $MONOTONIC, $begin;
  connect $socket, $to;
  syscall $clock, $MONOTONIC, $end;
  return outcome($wait, sub {
    return 'refused' if unpack('i', getsockopt $socket, SOL_SOCKET, SO_ERROR) == ECONNREFUSED;
    return getpeername $socket ? 'accepted' : undef;
  });
}

sub first_of_udp {
  my ($to, $wait) = @_;
  socket my $socket, $domain, SOCK_DGRAM | SOCK_NONBLOCK, 0 or die "socket: $!\n";
  connect $socket, $to or die "connect: $!\n";
  syscall $clock, $MONOTONIC, $begin;
  send $socket, 'first', 0;
  syscall $clock, $MONOTONIC, $end;
  return outcome($wait, sub {
    return undef if defined recv $socket, my $answer, 16, 0;
    return $! == ECONNREFUSED ? 'refused' : undef;
  });
}

sub outcome {
  my ($wait, $look) = @_;
  my $found = $look->();
  return $found if defined $found;
  for (1 .. $wait) {
    select undef, undef, undef, 0.001;
    $found = $look->();
    return $found eq 'refused' ? 'late' : $found if defined $found;
  }
  return 'silent';
}
