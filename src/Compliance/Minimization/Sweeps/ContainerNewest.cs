using Compliance.Minimization.Evaluation;
using Compliance.Minimization.Policy;
using Compliance.Text;

namespace Compliance.Minimization.Sweeps;

/// <summary>Reads which blobs of a container are the newest of their data set.</summary>
internal static class ContainerNewest
{
    /// <summary>Reads them: a pass over the whole container, where a data set that may be in it keeps its newest.</summary>
    /// <exception cref="Azure.RequestFailedException">It could not be read to its end.</exception>
    public static async Task<NewestBlobs> ReadAsync(
        IBlobData blobs,
        RetentionPolicy policy,
        RetentionEvaluator evaluator,
        (string Account, string Container) at,
        CancellationToken cancellationToken
    )
    {
        var newest = new NewestBlobs();
        if (policy.DataSets.Any(s => s.MaxKeepNewest > 0 && IsAt(s.Place, at)))
            await foreach (var blob in blobs.ListAsync(at.Account, at.Container, cancellationToken))
                foreach (var set in evaluator.Matching(blob).Sets)
                    newest.Add(set, blob);
        newest.Complete();
        return newest;
    }

    private static bool IsAt(DataPlace place, (string Account, string Container) at) =>
        place.Accounts.Any(p => Glob.Matches(p, at.Account)) && place.Containers.Any(p => Glob.Matches(p, at.Container));
}
