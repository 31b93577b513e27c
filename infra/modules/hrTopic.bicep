metadata description = 'The topic that an HR system publishes to, in CloudEvents 1.0 and with an Entra token.'

param name string
param location string
param tags { *: string }
param workspaceId string

@description('IPv4 ranges that may publish; none means that the network does not limit who may.')
param allowedIpRanges string[]

resource topic 'Microsoft.EventGrid/topics@2025-02-15' = {
  name: name
  location: location
  tags: tags
  // Delivery to a queue behind a firewall works with a system-assigned identity alone.
  identity: { type: 'SystemAssigned' }
  properties: {
    inputSchema: 'CloudEventSchemaV1_0'
    disableLocalAuth: true
    minimumTlsVersionAllowed: '1.2'
    publicNetworkAccess: 'Enabled'
    inboundIpRules: [for range in allowedIpRanges: { ipMask: range, action: 'Allow' }]
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-log-analytics'
  scope: topic
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output principalId string = topic.identity.principalId
output endpoint string = topic.properties.endpoint
