using Azure;

namespace Compliance.Storage;

/// <summary>
/// The one loop behind every write that is held to what was read before, so that no other writer's change is lost: a row, rows of one
/// transaction, a document.
/// </summary>
internal static class CompareAndSet
{
    /// <summary>Reads and writes until nothing is left to write.</summary>
    /// <param name="maxRaces">How many lost races are followed by another try. Each means that another writer made progress.</param>
    /// <param name="prepare">
    /// Reads what is stored and gives the write to try, held to what was read; null where nothing is left to write. Called with the number
    /// of races lost: after one, another writer was faster, or our own try was applied and its answer lost. What is stored shows which.
    /// </param>
    /// <exception cref="RequestFailedException">Storage failed, or others changed what is stored in every attempt.</exception>
    public static async Task RunAsync(int maxRaces, Func<int, Task<Func<Task>?>> prepare)
    {
        for (var races = 0; await prepare(races) is { } write; races++)
        {
            try
            {
                await write();
                return;
            }
            catch (RequestFailedException e) when (e.Status is 404 or 409 or 412 && races < maxRaces)
            {
                // A lost race; the next read shows what is stored.
            }
        }
    }
}
