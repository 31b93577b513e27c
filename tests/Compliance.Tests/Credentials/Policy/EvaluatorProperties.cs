using Compliance.Credentials;
using CsCheck;
using Testing;

namespace Compliance.Tests.Credentials.Policy;

public sealed class EvaluatorProperties
{
    private static readonly Gen<DateTimeOffset?> Time = Gen.Int[-5_000, 5_000].Select(h => (DateTimeOffset?)Given.Now.AddHours(h));

    private static readonly Gen<Credential> Any =
        from kind in Gen.Enum<CredentialKind>()
        from started in Gen.Frequency(
            (1, Gen.Const((DateTimeOffset?)null)),
            (1, Gen.Const((DateTimeOffset?)DateTimeOffset.MinValue)),
            (6, Time)
        )
        from expires in Gen.Frequency(
            (1, Gen.Const((DateTimeOffset?)null)),
            (1, Gen.Const((DateTimeOffset?)DateTimeOffset.MaxValue)),
            (6, Time)
        )
        from enabled in Gen.Bool
        from name in Gen.String
        from tag in Gen.String
        from days in Gen.Int[-1, 400]
        select Given.Credential(kind, started, expires, name, tags: ("team", tag)) with
        {
            Enabled = enabled,
            KeyExpirationDays = days < 0 ? null : days,
        };

    private static CredentialEvaluator With(int maxAge) =>
        Given.Evaluator(
            Given.Policy(
                $"rules: {{ maxAge: {maxAge}d }}\noverrides:\n  - {{ name: a, match: {{ namePattern: '*a*' }}, rules: {{ maxLifetime: 9d "
                    + $"}}, reason: r }}\n"
            )
        );

    [Fact]
    public void Judging_never_throws_and_a_shorter_maximum_age_never_finds_less() =>
        Gen.Select(Any, Gen.Int[1, 400], Gen.Int[1, 400])
            .Sample(
                (credential, a, b) =>
                {
                    var strict = With(Math.Min(a, b)).Evaluate(credential).Select(v => v.ControlId).ToHashSet();
                    Assert.Empty(With(Math.Max(a, b)).Evaluate(credential).Select(v => v.ControlId).Except(strict));
                },
                iter: TestSize.Times(400)
            );

    [Fact]
    public void Every_verdict_can_be_worded() =>
        Gen.Select(Any, Gen.Int[1, 400])
            .Sample(
                (credential, maxAge) =>
                    Assert.All(
                        With(maxAge).Evaluate(credential),
                        v =>
                            Assert.EndsWith(
                                ".",
                                NextSteps.For(v.Failed, v.Credential, v.Rules, null, Given.Now),
                                StringComparison.Ordinal
                            )
                    ),
                iter: TestSize.Times(400)
            );
}
