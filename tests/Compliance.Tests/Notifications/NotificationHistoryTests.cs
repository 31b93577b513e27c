using Compliance.Notifications;
using Compliance.Notifications.Channels;
using Compliance.Notifications.Messages;
using Simulation.Storage;
using Testing;
using static Compliance.Tests.Notifications.Some;

namespace Compliance.Tests.Notifications;

/// <summary>
/// Random lives of the notifier: items open and close, channels fail, processes die at any request and after any message. What must hold:
/// <list type="number">
/// <item>What is urgent arrives at everybody it concerns, once its channel and the storage work for as long as one wait.</item>
/// <item>It arrives at no one whom it excepts, and not after it was over.</item>
/// <item>It arrives a second time only where a process died or a message was taken without an answer.</item>
/// <item>A digest arrives in the hours of its reader alone, and once a day where nothing died.</item>
/// <item>What is kept of a recipient is what is open, and a channel that works has no finding.</item>
/// </list>
/// </summary>
public sealed class NotificationHistoryTests
{
    private const int Steps = 120;
    private static readonly TimeSpan Sweep = TimeSpan.FromMinutes(5);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<int> Seeds() => [.. TestSize.Seeds(usual: 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Whatever_dies_everybody_learns_what_is_urgent(int seed)
    {
        using var life = new Life(seed);
        for (var step = 0; step < Steps; step++)
            await life.StepAsync(Stop);

        await life.CalmAsync(Stop);

        await life.AssertAsync(Stop);
    }

    private sealed class Life : IDisposable
    {
        private readonly Random _random;
        private readonly NotificationWorld _world = new();
        private readonly Dictionary<string, (DateTimeOffset Opened, DateTimeOffset? Closed)> _times = new(StringComparer.Ordinal);
        private readonly HashSet<ChannelKind> _failing = [];
        private readonly double _trouble;
        private int _keys;
        private bool _isCalm;
        private int _deaths;

        public Life(int seed)
        {
            _random = new Random(seed);
            // A third of the lives are without deaths: there a message arrives once.
            _trouble = seed % 3 == 0 ? 0 : _random.NextDouble() * 0.02;
            _world.Trouble = Trouble;
            _world.Memory.Faults = _ => Fault();
        }

        public async Task StepAsync(CancellationToken cancellationToken)
        {
            switch (_random.Next(8))
            {
                case 0 or 1:
                    Open();
                    break;
                case 2 when _world.Open.Count > 0:
                    var gone = _world.Open[_random.Next(_world.Open.Count)];
                    _world.Open.Remove(gone);
                    _times[gone.Key] = _times[gone.Key] with { Closed = _world.Time.GetUtcNow() };
                    break;
                case 3:
                    if (!_failing.Add(ChannelKind.Teams))
                        _failing.Clear();
                    break;
                case 4:
                    _world.Time.Advance(TimeSpan.FromMinutes(_random.Next(1, 400)));
                    break;
                default:
                    break;
            }
            await _world.SweepAsync(cancellationToken);
            _world.Time.Advance(Sweep);
        }

        /// <summary>Nothing fails any more, for as long as the longest wait.</summary>
        public async Task CalmAsync(CancellationToken cancellationToken)
        {
            _isCalm = true;
            _failing.Clear();
            // Everybody gets one more message: with it what is over is forgotten.
            Open(NotificationRole.Approver, NoOne, isUrgent: true);
            for (var waited = TimeSpan.Zero; waited <= DeliveryState.MaxWait + Sweep; waited += Sweep)
            {
                Assert.True(await _world.SweepAsync(cancellationToken));
                _world.Time.Advance(Sweep);
            }
        }

        public async Task AssertAsync(CancellationToken cancellationToken)
        {
            var urgent = _world.Arrived.Where(a => !a.IsDigest).ToList();
            foreach (var item in _world.Open.Where(i => i.IsUrgent))
                foreach (var (address, roles, id) in People.Where(p => Concerns(p, item)))
                    Assert.True(
                        urgent.Any(a => a.To.Key == address && Lists(a, item.Key)),
                        $"{address} ({string.Join(' ', roles)} {id}) never got {item.Key}"
                    );
            foreach (var arrival in _world.Arrived)
                foreach (var key in Keys(arrival))
                    AssertRightful(arrival, key);
            if (_deaths == 0)
                AssertOnce(urgent);
            Assert.DoesNotContain(await _world.FindingsAsync(cancellationToken), f => f.ControlId == NotificationControls.NotDelivered);
            var open = _world.Open.Count(i => i.IsUrgent);
            Assert.All(
                _world.Memory.State.Blobs(Notifier.Container),
                b =>
                    Assert.InRange(
                        System.Text.Json.JsonDocument.Parse(b.Content.ToArray()).RootElement.GetProperty("sent").GetArrayLength(),
                        0,
                        open
                    )
            );
        }

        public void Dispose() => _world.Dispose();

        private static readonly (string Key, NotificationRole[] Roles, string? Id)[] People =
        [
            ("teams:teams", [NotificationRole.Approver, NotificationRole.Admin], null),
            ("mail:ada@b.example", [NotificationRole.Approver, NotificationRole.Admin], NotificationWorld.Ada),
            ("mail:bo@b.example", [NotificationRole.Approver], null),
        ];

        private static bool Concerns((string Key, NotificationRole[] Roles, string? Id) person, NotificationItem item) =>
            item.Audience.Role is { } role
            && person.Roles.Contains(role)
            && (person.Id is null || !item.Audience.Except.Contains(person.Id));

        private void Open()
        {
            var role = _random.Next(2) == 0 ? NotificationRole.Approver : NotificationRole.Admin;
            Open(role, _random.Next(3) == 0 ? new HashSet<string> { NotificationWorld.Ada } : NoOne, _random.Next(3) > 0);
        }

        private void Open(NotificationRole role, IReadOnlySet<string> except, bool isUrgent)
        {
            var key = $"k{_keys++:000}";
            var item = Item(key, isUrgent, role: role) with { Audience = new(role, null, except) };
            _world.Open.Add(item);
            _items[key] = item;
            _times[key] = (_world.Time.GetUtcNow(), null);
        }

        private readonly Dictionary<string, NotificationItem> _items = new(StringComparer.Ordinal);

        private void AssertRightful(NotificationWorld.Arrival arrival, string key)
        {
            Assert.True(arrival.To.IsConcernedBy(_items[key]), $"{arrival.To.Key} got {key}");
            Assert.True(_times[key].Opened <= arrival.At && !(_times[key].Closed < arrival.At), $"{key} was over at {arrival.At:O}");
            Assert.True(!arrival.IsDigest || arrival.To.Hours.DayAt(arrival.At) is not null, $"a digest at {arrival.At:O}");
        }

        private static void AssertOnce(List<NotificationWorld.Arrival> urgent) =>
            Assert.All(
                urgent.SelectMany(a => Keys(a).Select(k => $"{a.To.Key} {k}")).GroupBy(x => x, StringComparer.Ordinal),
                g => Assert.Single(g)
            );

        private static bool Lists(NotificationWorld.Arrival arrival, string key) =>
            Keys(arrival).Contains(key, StringComparer.Ordinal) || arrival.Message.More > 0;

        private static IEnumerable<string> Keys(NotificationWorld.Arrival arrival) =>
            arrival.Message.Entries.Select(e => e.Title["Title of ".Length..]);

        private Exception? Trouble(Recipient to, bool after)
        {
            if (!_isCalm && after && _random.NextDouble() < _trouble * 3)
            {
                _deaths++;
                return new NotificationWorld.Killed();
            }
            return !_isCalm && !after && _failing.Contains(to.Channel)
                ? new NotDeliveredException("no answer", isPermanent: _random.Next(2) == 0)
                : null;
        }

        private StorageFault Fault()
        {
            if (_isCalm || _random.NextDouble() >= _trouble)
                return StorageFault.None;
            _deaths++;
            return _random.Next(3) switch
            {
                0 => StorageFault.CrashBefore,
                1 => StorageFault.CrashAfter,
                _ => StorageFault.LoseAnswer,
            };
        }
    }
}
