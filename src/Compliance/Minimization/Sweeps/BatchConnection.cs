namespace Compliance.Minimization.Sweeps;

/// <summary>The connection that batches travel over: no redirect is followed, so that a proof goes nowhere else.</summary>
internal static class BatchConnection
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(100);
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>Opens one for the life of the app.</summary>
    public static HttpClient Open() =>
        new(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                PooledConnectionLifetime = Lifetime,
                UseCookies = false,
            }
        )
        {
            Timeout = AnswerWithin,
        };
}
