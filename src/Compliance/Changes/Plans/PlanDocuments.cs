using Compliance.Storage;

namespace Compliance.Changes.Plans;

/// <summary>Plans as documents: one is carried out only as it was made and approved.</summary>
internal static class PlanDocuments
{
    /// <summary>Reads a plan.</summary>
    /// <param name="documents">Where plans are kept.</param>
    /// <param name="name">The document's name.</param>
    /// <param name="planId">The plan's id.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    /// <exception cref="InvalidOperationException">It is not there, or its content has another id: it was changed.</exception>
    public static async Task<ActionPlan> LoadPlanAsync(
        this BlobDocumentStore documents,
        string name,
        string planId,
        CancellationToken cancellationToken
    )
    {
        var plan =
            await documents.LoadAsync<ActionPlan>(name, cancellationToken)
            ?? throw new InvalidOperationException($"plan {planId} is not there ({name})");
        return plan.Id() == planId
            ? plan
            : throw new InvalidOperationException($"the document of plan {planId} was changed: it is not carried out ({name})");
    }
}
