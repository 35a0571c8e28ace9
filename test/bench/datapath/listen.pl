# Listens on one port of all addresses, TCP and UDP, until its standard input ends: listen.pl 4|6 PORT.
# It never answers: a connection is accepted by the kernel, and a datagram is not refused.
use strict;
use warnings;
use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6);

my ($version, $port) = @ARGV;
my $domain = $version == 6 ? AF_INET6 : AF_INET;
my $any = $version == 6 ? pack_sockaddr_in6($port, inet_pton(AF_INET6, '::')) : pack_sockaddr_in($port, INADDR_ANY);
my @sockets;
for my $type (SOCK_STREAM, SOCK_DGRAM) {
  socket my $socket, $domain, $type, 0 or die "socket: $!\n";
  bind $socket, $any or die "bind: $!\n";
  push @sockets, $socket;
}
listen $sockets[0], 4096 or die "listen: $!\n";
$| = 1;
print "ready\n";
1 while <STDIN>;
